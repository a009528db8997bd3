/** Compares two backups, or parts of them, without reading what is the same in both. */
import type { FetchNodes, HashAlgorithm, Meta } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import { holdBackups } from "../lease/hold-backup.ts";
import { findEntry } from "../tree/find-entry.ts";
import { nodeCache } from "../tree/node-cache.ts";
import { changesOf } from "./changes-of.ts";
import { differingEntries } from "./differing-entries.ts";

/** What can be different between two entries of one path. */
export type Change =
  | "type"
  | "content"
  | "size"
  | "mode"
  | "owner"
  | "mtime"
  | "target"
  | "device"
  | "xattrs"
  | "link";

export interface Difference {
  /** `+` only in the second, `-` only in the first, `M` in both and different. */
  kind: "+" | "-" | "M";
  path: Buffer;
  before: Meta | null;
  after: Meta | null;
  /** Of `M`. */
  changes: Change[];
}

/** A backup and a path in it. */
export interface DiffSide {
  ref: string;
  /** Of the backup, which may then be removed meanwhile. */
  id?: string;
  path?: string | Buffer;
}

export interface DiffOptions {
  /** Also report directories of which only the time or the sums changed; left out by default. */
  directoryTimes?: boolean;
  signal?: AbortSignal;
}

/**
 * Streams the differences in path order. Whole subtrees with the same id, and within large directories whole nodes,
 * are skipped unread.
 *
 * @throws NotFoundError when one side has no such path.
 * @example
 * for await (const { kind, path, changes } of diff(connection, yesterday, today)) console.log(kind, path.toString(), changes);
 */
export async function* diff(
  connection: Connection,
  from: DiffSide,
  to: DiffSide,
  options: DiffOptions = {},
): AsyncGenerator<Difference> {
  const { hash } = await connection.facts();
  const { fetch } = nodeCache(connection, hash);
  const endHold = await holdBackups(connection, [from, to]);
  try {
    const before = await findEntry(fetch, hash, from.ref, from.path);
    const after = await findEntry(fetch, hash, to.ref, to.path);
    yield* compare({ fetch, hash, options }, Buffer.alloc(0), before, after);
  } finally {
    await endHold();
  }
}

interface Comparison {
  fetch: FetchNodes;
  hash: HashAlgorithm;
  options: DiffOptions;
}

async function* compare(
  run: Comparison,
  path: Buffer,
  before: Meta | null,
  after: Meta | null,
): AsyncGenerator<Difference> {
  run.options.signal?.throwIfAborted();
  const difference = describe(run.options, path, before, after);
  if (difference !== null) yield difference;
  const left = before?.type === "directory" ? (before.directory ?? null) : null;
  const right = after?.type === "directory" ? (after.directory ?? null) : null;
  if (left === right || (left !== null && right?.equals(left))) return;
  for await (const [one, other] of differingEntries(run.fetch, run.hash, left, right)) {
    const { name } = (one ?? other)!;
    const below = path.length === 0 ? name : Buffer.concat([path, Buffer.from("/"), name]);
    yield* compare(run, below, one, other);
  }
}

function describe(
  options: DiffOptions,
  path: Buffer,
  before: Meta | null,
  after: Meta | null,
): Difference | null {
  if (before === null) return { kind: "+", path, before, after, changes: [] };
  if (after === null) return { kind: "-", path, before, after, changes: [] };
  const changes = changesOf(before, after);
  const timeOnly = after.type === "directory" && changes.every((change) => change === "mtime");
  if (changes.length === 0 || (timeOnly && !options.directoryTimes)) return null;
  return { kind: "M", path, before, after, changes };
}
