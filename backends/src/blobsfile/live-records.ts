/** Which records of a pack an index has: a bit for each place where one can begin. */

/** No record is shorter, so that no two of them begin in one place. */
const PLACE_BYTES = 32;

/** Bytes of a pack for each byte of memory. */
export const BYTES_PER_BYTE: number = 8 * PLACE_BYTES;

export interface LiveRecords {
  add(offset: number): void;
  /** Whether the record that begins there was added. */
  has(offset: number): boolean;
}

/** For a pack of so many bytes; nothing is in it yet. What lies beyond is never in it. */
export function createLiveRecords(packBytes: number): LiveRecords {
  const bits = new Uint8Array(Math.ceil(packBytes / BYTES_PER_BYTE));
  return {
    add(offset) {
      const place = Math.floor(offset / PLACE_BYTES);
      const at = Math.floor(place / 8);
      bits[at] = bits[at]! | (1 << (place & 7));
    },
    has(offset) {
      const place = Math.floor(offset / PLACE_BYTES);
      return ((bits[Math.floor(place / 8)] ?? 0) & (1 << (place & 7))) !== 0;
    },
  };
}
