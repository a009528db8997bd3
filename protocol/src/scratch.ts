/** Memory that synchronous work uses again: fresh memory for each call would have to be collected. */

/** What is kept; more is memory of its own. */
const KEPT_BYTES: number = 512 * 1024;

/** Answers memory of so many bytes, which the next call may hand out again. */
export function createScratch(): (bytes: number) => Buffer {
  let kept: Buffer | undefined;
  return (bytes) => {
    if (bytes > KEPT_BYTES) return Buffer.allocUnsafe(bytes);
    kept ??= Buffer.allocUnsafeSlow(KEPT_BYTES);
    return kept.subarray(0, bytes);
  };
}
