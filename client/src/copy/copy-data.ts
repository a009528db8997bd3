/** Sends data blobs that the target lacks, some megabytes at a time, each once. */
import { DamagedError, type HashAlgorithm } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import { fetchContents } from "../tree/fetch-contents.ts";
import type { BlobSink } from "./blob-sink.ts";

/** A blob to copy, and what the target may encode it against. */
interface WantedBlob {
  name: Buffer;
  bytes: number;
  base: Buffer | null;
}

/** What is read together, and how many such groups are under way: reading and sending overlap, and memory stays bounded. */
const GROUP_BYTES: number = 4 << 20;
const GROUP_BLOBS = 256;
const GROUPS = 4;

/** Resolves when all blobs are accepted; rejects with the first failure, DAMAGED for what cannot be read intact. */
export type CopyData = (blobs: readonly WantedBlob[]) => Promise<void>;

export function dataCopier(
  source: Connection,
  hash: HashAlgorithm,
  sink: BlobSink,
  arrived: (bytes: number) => void,
  signal?: AbortSignal,
): CopyData {
  /** One content in many places is asked for and sent once. */
  const underWay = new Map<string, Promise<void>>();
  const enter = places(GROUPS);

  async function send(group: readonly WantedBlob[]): Promise<void> {
    const leave = await enter();
    try {
      signal?.throwIfAborted();
      const absent = await sink.lacking("data", group);
      const names = absent.map(({ name }) => name);
      const contents = await fetchContents(source, hash, "data", names);
      const puts = absent.map(({ name, base }, place) =>
        sink.put("data", name, readable(contents[place]!), base),
      );
      await Promise.all(puts);
      arrived(group.reduce((sum, { bytes }) => sum + bytes, 0));
    } finally {
      leave();
    }
  }

  return async (blobs) => {
    const waiting: Promise<void>[] = [];
    const fresh: WantedBlob[] = [];
    const asked = new Set<string>();
    for (const blob of blobs) {
      const key = blob.name.toString("latin1");
      const other = underWay.get(key);
      if (other !== undefined) waiting.push(other);
      if (other === undefined && !asked.has(key)) fresh.push(blob);
      else arrived(blob.bytes);
      asked.add(key);
    }
    for (const group of groupsOf(fresh)) {
      const keys = group.map(({ name }) => name.toString("latin1"));
      const sending = send(group).finally(() => {
        for (const key of keys) underWay.delete(key);
      });
      for (const key of keys) underWay.set(key, sending);
      waiting.push(sending);
    }
    await allOf(waiting);
  };
}

/** The content, or its error thrown: wrong bytes never go on. */
export function readable(content: Buffer | Error): Buffer {
  if (!(content instanceof Error)) return content;
  if (content instanceof DamagedError) throw content;
  throw new DamagedError(`a blob cannot be read intact: ${content.message}`, { cause: content });
}

/** Waits for all, also after a failure: nothing goes on behind the caller's back. */
export async function allOf(work: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find(({ status }) => status === "rejected");
  if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
}

function groupsOf(blobs: readonly WantedBlob[]): WantedBlob[][] {
  const groups: WantedBlob[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const blob of blobs) {
    const group = groups.at(-1);
    if (group === undefined || bytes + blob.bytes > GROUP_BYTES || group.length >= GROUP_BLOBS) {
      groups.push([blob]);
      bytes = blob.bytes;
    } else {
      group.push(blob);
      bytes += blob.bytes;
    }
  }
  return groups;
}

/** Admits so many at a time, in the order in which they came; the function it resolves with makes room. */
function places(count: number): () => Promise<() => void> {
  let free = count;
  const waiting: (() => void)[] = [];
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return async () => {
    if (free > 0) free -= 1;
    else await new Promise<void>((admitted) => waiting.push(admitted));
    return leave;
  };
}
