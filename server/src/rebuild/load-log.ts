/** Makes the keyspace from the log alone: the newest checkpoint whose tree is whole, and the records after it. */

import type { Backend } from "@datadb/backends";
import { DamagedError, type HashAlgorithm, hashLength, readCheckpoint } from "@datadb/protocol";
import { decodeChain, readRecords } from "../blobs/read-contents.ts";
import { type Level, levelError } from "../keyspace/open-level.ts";
import { HEAD_KEY } from "../keyspace/raw-key.ts";
import { emptyHead, encodeHead, type Head } from "../log/head.ts";
import { followChain, type LogPlace, type LogSource, listLog, readLog } from "../log/read-log.ts";
import { applyRecord, type ReplayTarget } from "../log/replay.ts";

/** One record of the log without its operations. */
interface Link {
  readonly place: LogPlace;
  readonly sequence: number;
  readonly previous: Buffer;
}

interface Checkpoint {
  readonly sequence: number;
  readonly root: Buffer | null;
}

/** Entries in one LevelDB batch. */
const BATCH_ENTRIES = 2000;

async function readLinks(source: LogSource): Promise<{ links: Link[]; checkpoints: Checkpoint[] }> {
  const places = await listLog(source);
  const links: Link[] = [];
  const checkpoints: Checkpoint[] = [];
  const seen = new Map<number, Buffer>();
  let index = 0;
  for await (const { name, record } of readLog(source, places)) {
    const place = places[index] as LogPlace;
    index += 1;
    const { sequence, previous } = record;
    if (seen.has(sequence)) followChain({ sequence, name: seen.get(sequence) as Buffer }, { name, record });
    seen.set(sequence, name);
    // A view would keep the whole record.
    links.push({ place, sequence, previous: Buffer.from(previous) });
    for (const { operations } of record.commits) {
      for (const operation of operations) {
        if (operation.op !== "checkpoint") continue;
        const { root } = operation;
        checkpoints.push({ sequence: operation.sequence, root: root === null ? null : Buffer.from(root) });
      }
    }
  }
  links.sort((a, b) => a.sequence - b.sequence);
  return { links, checkpoints: checkpoints.sort((a, b) => b.sequence - a.sequence) };
}

/** Nodes of checkpoints, decoded and verified. Throws DAMAGED for one that is not there. */
export function fetchNodes(
  backend: Backend,
  hash: HashAlgorithm,
): (names: readonly Buffer[]) => Promise<Buffer[]> {
  return async (names) => {
    const records = await readRecords(backend, "node", names);
    return Promise.all(
      records.map((record, index) => {
        if (record) return decodeChain(backend, hash, record);
        throw new DamagedError(`node ${names[index]?.toString("hex")} is not there`);
      }),
    );
  };
}

async function loadCheckpoint(level: Level, source: LogSource, root: Buffer | null): Promise<void> {
  await level.clear();
  let batch = level.batch();
  for await (const [key, value] of readCheckpoint(
    fetchNodes(source.backend, source.hash),
    source.hash,
    root,
  )) {
    batch.put(key, value);
    if (batch.length < BATCH_ENTRIES) continue;
    await batch.write();
    batch = level.batch();
  }
  await batch.write();
}

/** The name of the record with this sequence number: from itself, or from its successor when it was collected already. */
function nameAt(links: readonly Link[], sequence: number): Buffer | undefined {
  const own = links.find((link) => link.sequence === sequence);
  return own?.place.name ?? links.find((link) => link.sequence === sequence + 1)?.previous;
}

async function startingPoint(
  { level }: ReplayTarget,
  source: LogSource,
  found: Awaited<ReturnType<typeof readLinks>>,
  warn: (message: string) => void,
): Promise<Head> {
  for (const { sequence, root } of found.checkpoints) {
    const name = nameAt(found.links, sequence);
    if (name === undefined) continue;
    try {
      await loadCheckpoint(level, source, root);
      await level.put(HEAD_KEY, encodeHead({ sequence, name }));
      return { sequence, name };
    } catch (error) {
      const cause = levelError(level.location, error);
      warn(
        `the checkpoint at log record ${sequence} cannot be used (${cause.message}): an older one or the whole log is taken`,
      );
    }
  }
  await level.clear();
  return emptyHead(hashLength(source.hash));
}

/** Where a load has arrived. */
export interface LoadedLog {
  readonly head: Head;
  /** The sequence number of the checkpoint it began with, 0 for none. */
  readonly checkpoint: number;
}

/**
 * Fills an empty keyspace from the log, if there is one. What was in LevelDB is removed.
 * Throws DAMAGED when the chain after the starting point is not whole, or two records have one sequence number.
 */
export async function loadLog(
  target: ReplayTarget,
  source: LogSource,
  warn: (message: string) => void,
): Promise<LoadedLog> {
  const found = await readLinks(source);
  if (found.links.length === 0) return { head: emptyHead(hashLength(source.hash)), checkpoint: 0 };
  let head = await startingPoint(target, source, found, warn);
  const checkpoint = head.sequence;
  await target.transactions.load(target.level);
  const places = found.links.filter(({ sequence }) => sequence > head.sequence).map(({ place }) => place);
  for await (const named of readLog(source, places)) head = await applyRecord(target, head, named, source);
  return { head, checkpoint };
}
