/** Bounds the bytes that are on their way at once. */

/** `enter` waits until there is room; whoever entered leaves with the same number. */
export interface ByteGate {
  enter(bytes: number): Promise<void> | undefined;
  leave(bytes: number): void;
}

/** First come, first served; something larger than the limit enters alone. */
export function createByteGate(limit: number): ByteGate {
  let inside = 0;
  const waiting: { bytes: number; go(): void }[] = [];
  return {
    enter(bytes) {
      if (waiting.length === 0 && (inside === 0 || inside + bytes <= limit)) {
        inside += bytes;
        return undefined;
      }
      return new Promise((resolve) => waiting.push({ bytes, go: resolve }));
    },
    leave(bytes) {
      inside -= bytes;
      for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
        if (inside > 0 && inside + first.bytes > limit) return;
        waiting.shift();
        inside += first.bytes;
        first.go();
      }
    },
  };
}
