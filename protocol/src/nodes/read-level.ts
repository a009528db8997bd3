/** The level of an inner node. */
import type { ByteReader } from "../byte-reader.ts";
import { DecodeError } from "../errors.ts";
import { MAX_TREE_LEVELS } from "../limits.ts";

/** The varint level, from 1 (above leaves). Throws DECODE. */
export function readLevel(reader: ByteReader): number {
  const level = reader.varint();
  if (level >= 1 && level <= MAX_TREE_LEVELS) return level;
  throw new DecodeError(`an inner node cannot have level ${level}`);
}
