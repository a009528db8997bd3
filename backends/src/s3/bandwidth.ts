/** Keeps the bytes of all requests together below a rate, each way by itself. */
import { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";

/** Bytes that go out at once: small enough for an even flow. */
const SLICE_BYTES = 64 * 1024;

/** Waits until so many more bytes may pass. */
export type Pace = (bytes: number) => Promise<void>;

/** A pace of `rate` bytes a second; without a limit nothing waits. */
export function createPace(rate: number): Pace | null {
  if (rate === 0) return null;
  let free = performance.now();
  return async (bytes) => {
    const now = performance.now();
    free = Math.max(free, now) + (bytes / rate) * 1000;
    if (free > now) await wait(free - now);
  };
}

/** A body that flows at a pace. */
export function pacedBody(body: Buffer, pace: Pace): Readable {
  async function* slices(): AsyncGenerator<Buffer> {
    for (let at = 0; at < body.length; at += SLICE_BYTES) {
      const slice = body.subarray(at, at + SLICE_BYTES);
      await pace(slice.length);
      yield slice;
    }
  }
  return Readable.from(slices(), { objectMode: false });
}
