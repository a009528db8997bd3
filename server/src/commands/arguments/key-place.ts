/** Where a key is: reserved names are visible in every database, all others belong to the one selected. */
import { RESERVED_DATABASE } from "../../keyspace/index.ts";
import type { Session } from "../../session/session.ts";

const SNAPSHOTS = Buffer.from("snapshots");
const PINS = Buffer.from("pins");

/**
 * Whether only backup operations write the key: `snapshots`, `pins`, and names of 40 or 64 hexadecimal digits, which belong to
 * snapshots, backups, metas, nodes and chunks.
 */
export function isReservedKey(key: Buffer): boolean {
  switch (key.length) {
    case 4:
      return key.equals(PINS);
    case 9:
      return key.equals(SNAPSHOTS);
    case 40:
    case 64:
      return isHex(key);
    default:
      return false;
  }
}

/** The database to read a key from. */
export function keyPlace(session: Session, key: Buffer): Buffer {
  return isReservedKey(key) ? RESERVED_DATABASE : session.database;
}

function isHex(bytes: Buffer): boolean {
  for (const byte of bytes) {
    const digit = (byte >= 48 && byte <= 57) || (byte >= 97 && byte <= 102) || (byte >= 65 && byte <= 70);
    if (!digit) return false;
  }
  return true;
}
