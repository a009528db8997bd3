/** Copies one backup: its tree, its scan cache, then its place in the list. */
import { type HashAlgorithm, WrongReplyError } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import type { Backup } from "../list/backup.ts";
import { lostItsLease } from "../snapshot/lost-lease.ts";
import { parseCacheField } from "../snapshot/previous-backup.ts";
import { listedFields } from "./backup-fields.ts";
import type { BlobSink } from "./blob-sink.ts";
import { copyTree } from "./copy-tree.ts";
import type { Child } from "./node-children.ts";

export interface CopyOne {
  source: Connection;
  target: Connection;
  hash: HashAlgorithm;
  sink: BlobSink;
  /** The newest older backup of the series that the target has, and where it is read. */
  previous: { backup: Backup; from: Connection } | null;
  /** Told of content bytes of the backup that the target has, in pieces. */
  arrived(bytes: number): void;
  signal?: AbortSignal;
}

/** Content that was relied on went twice: somebody plays with the clock. */
const ATTEMPTS = 3;

/** Resolves when the copy is durable and listed under its time. */
export async function copyOne(job: CopyOne, backup: Backup): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await copyOnce(job, backup);
    } catch (error) {
      if (attempt >= ATTEMPTS || !lostItsLease(error)) throw error;
    }
  }
}

async function copyOnce(job: CopyOne, backup: Backup): Promise<void> {
  const { source, target, previous } = job;
  const { host, path, fields, cache } = await listedFields(source, backup);
  const before = previous?.backup;
  const options = { ...job, previous: previous?.from ?? null };
  await copyTree(options, rootOf(backup), before === undefined ? null : rootOf(before));
  const kept = await copyCache(options, cache, before?.fields["cache"]);
  const extra = kept ? [Buffer.from("cache"), Buffer.from(cache!)] : [];
  await target.call("TXINIT");
  try {
    const listed = await target.call(
      "BACKUP",
      host,
      path,
      backup.ref,
      "ts",
      backup.time,
      ...fields,
      ...extra,
    );
    if (!Array.isArray(listed) || String(listed[0]) !== backup.id)
      throw new WrongReplyError(`the target listed backup ${backup.id} under another id`);
    await target.call("TXCOMMIT");
  } catch (error) {
    await target.call("TXDISCARD").catch(() => {});
    throw error;
  }
}

function rootOf({ ref, size }: Backup): Child {
  return { kind: "node", name: Buffer.from(ref, "hex"), bytes: size };
}

/** The cache only saves work: a backup is as good without it. */
async function copyCache(
  options: Parameters<typeof copyTree>[0],
  field: string | undefined,
  before: string | undefined,
): Promise<boolean> {
  const wanted = cacheRoot(field);
  if (wanted === null) return false;
  const earlier = cacheRoot(before);
  const same = earlier?.kind === wanted.kind ? earlier : null;
  try {
    await copyTree({ ...options, arrived: () => {} }, wanted, same);
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code !== "DAMAGED") throw error;
    return false;
  }
}

function cacheRoot(field: string | undefined): Child | null {
  const { ref, bytes = 0 } = (field === undefined ? undefined : parseCacheField(field)) ?? {};
  if (ref?.chunk) return { kind: "data", name: ref.chunk, bytes };
  return ref?.list ? { kind: "node", name: ref.list, bytes } : null;
}
