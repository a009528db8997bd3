/** CRC-32C (Castagnoli), the checksum of LevelDB's files. */

const POLYNOMIAL = 0x82f63b78;
/** Bytes that are taken at once: one table for each. */
const WIDTH = 8;

function makeTables(): Int32Array {
  const tables = new Int32Array(WIDTH * 256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
    tables[byte] = value;
  }
  for (let at = 256; at < tables.length; at++) {
    const before = tables[at - 256] as number;
    tables[at] = (before >>> 8) ^ (tables[before & 255] as number);
  }
  return tables;
}

const TABLES = makeTables();

/** The checksum of `bytes` from `from` to `to`, `to` excluded: about 1 GB/s. */
export function crc32c(bytes: Uint8Array, from: number, to: number): number {
  // Locals and plain indexing: this loop is all the work of opening a store that was not closed in good order.
  const t = TABLES as unknown as number[];
  const b = bytes as unknown as number[];
  let crc = -1;
  let at = from;
  for (; at + WIDTH <= to; at += WIDTH) {
    const low = crc ^ (b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24));
    crc =
      t[1792 + (low & 255)]! ^
      t[1536 + ((low >>> 8) & 255)]! ^
      t[1280 + ((low >>> 16) & 255)]! ^
      t[1024 + (low >>> 24)]! ^
      t[768 + b[at + 4]!]! ^
      t[512 + b[at + 5]!]! ^
      t[256 + b[at + 6]!]! ^
      t[b[at + 7]!]!;
  }
  for (; at < to; at++) crc = (crc >>> 8) ^ t[(crc ^ b[at]!) & 255]!;
  return (crc ^ -1) >>> 0;
}

/** As LevelDB stores it: rotated and shifted, since a checksum of bytes that hold checksums says little. */
export function maskedCrc32c(bytes: Uint8Array, from: number, to: number): number {
  const crc = crc32c(bytes, from, to);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
