/** Puts a frame where the caller wants it. */

/** The frame in `into`, undefined when there is no room for it; without `into` in memory of its own. */
export function placed(frame: Buffer, into?: Buffer): Buffer | undefined {
  if (into === undefined) return Buffer.from(frame);
  if (frame.length > into.length) return undefined;
  frame.copy(into);
  return into.subarray(0, frame.length);
}
