/** Backup operations: they alone write the reserved database. Its names are the hex forms of ids. */
import {
  type BackupOperation,
  backupId,
  formatHex,
  type HashAlgorithm,
  parseTimestamp,
  snapshotId,
} from "@datadb/protocol";
import type { Entry } from "../../database.ts";
import type { WritableView } from "../overlay-view.ts";
import { hashGet } from "../read-hash.ts";
import { RESERVED_DATABASE as database, RESERVED_KEYS } from "../reserved-database.ts";
import { applyLadd, applyLdel, applySadd, applySrem } from "./apply-elements.ts";
import { applyHdel, applyHset } from "./apply-hash.ts";
import { removeKey } from "./remove-key.ts";

const HOSTNAME = Buffer.from("hostname");
const PATH = Buffer.from("path");
const TIMESTAMP = Buffer.from("ts");
const REF = Buffer.from("ref");
const TAGS = Buffer.from("tags");
const LOST = Buffer.from("lost");
const NOTHING = Buffer.from("[]");

/** A name as the reserved database writes it. */
export function hexName(name: Buffer): Buffer {
  return Buffer.from(formatHex(name));
}

function listIndex(timestamp: string): bigint {
  const time = parseTimestamp(timestamp);
  if (time === undefined) throw new TypeError(`${timestamp} is no time of a backup`);
  return BigInt(time);
}

/** Lists a backup. One that is listed already stays as it is: a copy that is repeated changes nothing. */
export function applyBackup(view: WritableView, operation: BackupOperation, hash: HashAlgorithm): number {
  const { host, path, timestamp, ref, fields } = operation;
  const snapshot = hexName(snapshotId(hash, host, path));
  const id = hexName(backupId(hash, host, path, timestamp));
  if (view.header(database, id) !== undefined) return 0;
  const own: Entry[] = [
    [HOSTNAME, host],
    [PATH, path],
    [TIMESTAMP, Buffer.from(timestamp)],
    [REF, hexName(ref)],
  ];
  // The client's own fields come first, so that none of them can replace these.
  applyHset(view, { op: "hset", database, key: id, entries: [...fields, ...own] });
  applySadd(view, { op: "sadd", database, key: RESERVED_KEYS.snapshots, members: [snapshot] });
  applyLadd(view, { op: "ladd", database, key: snapshot, entries: [[listIndex(timestamp), id]] });
  return 1;
}

/** Removes a backup from its series; the series goes with its last backup. */
export async function applyForget(view: WritableView, backup: Buffer, hash: HashAlgorithm): Promise<number> {
  const id = hexName(backup);
  const [host, path, timestamp] = [HOSTNAME, PATH, TIMESTAMP].map((field) =>
    hashGet(view, database, id, field),
  );
  if (host === null || path === null || timestamp === null) return 0;
  const snapshot = hexName(snapshotId(hash, host as Buffer, path as Buffer));
  const index = listIndex((timestamp as Buffer).toString());
  applyLdel(view, { op: "ldel", database, key: snapshot, indexes: [index] });
  if (view.header(database, snapshot) === undefined) {
    applySrem(view, { op: "srem", database, key: RESERVED_KEYS.snapshots, members: [snapshot] });
  }
  applySrem(view, { op: "srem", database, key: RESERVED_KEYS.pins, members: [id] });
  return removeKey(view, database, id);
}

/** Replaces the tags of a backup. */
export function applyTag(view: WritableView, backup: Buffer, tags: Buffer): number {
  const id = hexName(backup);
  if (view.header(database, id) === undefined) return 0;
  applyHset(view, { op: "hset", database, key: id, entries: [[TAGS, tags]] });
  return 1;
}

/** Notes what of a backup is lost; an empty list takes the note away. */
export function applyMark(view: WritableView, backup: Buffer, lost: Buffer): number {
  const id = hexName(backup);
  if (view.header(database, id) === undefined) return 0;
  if (lost.equals(NOTHING)) applyHdel(view, { op: "hdel", database, key: id, fields: [LOST] });
  else applyHset(view, { op: "hset", database, key: id, entries: [[LOST, lost]] });
  return 1;
}

/** Protects a backup from retention, or no longer. */
export function applyPin(view: WritableView, backup: Buffer, pinned: boolean): number {
  const members = [hexName(backup)];
  if (!pinned) return applySrem(view, { op: "srem", database, key: RESERVED_KEYS.pins, members });
  if (view.header(database, members[0] as Buffer) === undefined) return 0;
  return applySadd(view, { op: "sadd", database, key: RESERVED_KEYS.pins, members });
}
