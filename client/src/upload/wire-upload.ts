/** Upload over a wire: what the server does not have is sent as it is, many blobs at a time; the server encodes. */
import {
  type BlobRecord,
  type HashAlgorithm,
  hashLength,
  MAX_BATCH_NAMES,
  type PlainReply,
  type RecordKind,
  WrongReplyError,
} from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import { type PackedRecords, unpackRecords } from "../ingest/packed-records.ts";
import { freshChunks, landed } from "./chunk-table.ts";
import { type Upload, type UploadCounts, UploadQueue } from "./upload.ts";

/** Bytes sent and not yet answered: enough for a fast line with a long delay. */
const WINDOW_BYTES: number = 16 << 20;

export function wireUpload(
  connection: Connection,
  view: Buffer,
  hash: HashAlgorithm,
  failed: (error: Error) => void,
): Upload {
  const nameBytes = hashLength(hash);
  const queue = new UploadQueue(failed);
  const inFlight = new Set<string>();
  const counts: UploadCounts = { newBytes: 0, storedBytes: 0, undurable: 0 };
  const window = sendWindow(WINDOW_BYTES);

  async function put(
    kind: RecordKind,
    name: Buffer,
    bytes: Buffer,
    base: Buffer | null = null,
  ): Promise<void> {
    await window.enter(bytes.length);
    // A copy: what may not be durable yet is kept for another try, and the slab is used again.
    const content = Buffer.from(bytes);
    try {
      const suffix = kind === "node" ? ["KIND", "node"] : [];
      if (base !== null) suffix.push("BASE", base.toString("hex"));
      const reply = await connection.call("BPUT", content, ...suffix);
      if (String(reply) !== name.toString("hex")) {
        throw new WrongReplyError(
          `the server named a blob ${String(reply)} that has the name ${name.toString("hex")}`,
        );
      }
      counts.newBytes += content.length;
      counts.undurable += content.length;
    } finally {
      window.leave(content.length);
    }
  }

  async function missing<T extends { name: Buffer }>(kind: RecordKind, blobs: readonly T[]): Promise<T[]> {
    const absent: T[] = [];
    for (let from = 0; from < blobs.length; from += MAX_BATCH_NAMES) {
      const batch = blobs.slice(from, from + MAX_BATCH_NAMES);
      const names = batch.map(({ name }) => name.toString("hex"));
      const there = existsReply(await connection.call("BEXISTS", ...names, "KIND", kind), batch.length);
      absent.push(...batch.filter((_, i) => !there[i]));
    }
    return absent;
  }

  async function putNodes(records: BlobRecord[]): Promise<void> {
    const absent = await missing("node", records);
    // In order: pipelined commands are executed one after another, so that children are there first.
    await Promise.all(absent.map(({ name, payload, base }) => put("node", name, payload, base)));
  }

  return {
    counts,
    // The server encodes.
    expectsNew: () => false,
    data(batch, release) {
      queue.data(async () => {
        const chunks = freshChunks(batch, nameBytes, inFlight);
        const absent = await missing("data", chunks);
        await Promise.all(
          absent.map(({ name, at, length, base }) => put("data", name, view.subarray(at, at + length), base)),
        );
        landed(chunks, inFlight);
        release();
      });
    },
    nodes(packed: PackedRecords) {
      const records = unpackRecords(packed, nameBytes) as BlobRecord[];
      queue.afterwards(() => putNodes(records));
    },
    settle: () => queue.settle(),
  };
}

/** BEXISTS answers an integer for one name, an array for several. */
function existsReply(reply: PlainReply, count: number): boolean[] {
  const all = Array.isArray(reply) ? reply : [reply];
  if (all.length !== count) throw new WrongReplyError(`BEXISTS answered ${all.length} of ${count} names`);
  return all.map((one) => one === 1);
}

/** Admits senders while the bytes under way are below a limit, in the order in which they came. */
function sendWindow(limit: number): { enter(bytes: number): Promise<void>; leave(bytes: number): void } {
  let used = 0;
  const waiting: { bytes: number; admit: () => void }[] = [];
  return {
    async enter(bytes) {
      if (waiting.length > 0 || (used > 0 && used + bytes > limit)) {
        await new Promise<void>((admit) => waiting.push({ bytes, admit }));
        return;
      }
      used += bytes;
    },
    leave(bytes) {
      used -= bytes;
      while (waiting.length > 0 && (used === 0 || used + waiting[0]!.bytes <= limit)) {
        const next = waiting.shift()!;
        used += next.bytes;
        next.admit();
      }
    },
  };
}
