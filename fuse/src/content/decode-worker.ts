/** A thread that reads, decodes and verifies chunks, into shared memory. */
import { parentPort } from "node:worker_threads";
import { type BlobRecord, decodeChain } from "@datadb/protocol";
import type { DecodeJob, DecodeRequest, DecodeResult, PackedRecord } from "./decode-messages.ts";
import { readRecords } from "./read-records.ts";
import { memoryOf } from "./told-memory.ts";

const port = parentPort!;

function unpack(payloads: Buffer, record: PackedRecord): BlobRecord {
  const { from, to, name, base, ...rest } = record;
  return {
    ...rest,
    name: Buffer.from(name),
    base: base === null ? null : Buffer.from(base),
    payload: payloads.subarray(from, to),
  };
}

function decode({ hash, chains, contents, payloads }: DecodeJob): (string | null)[] {
  const from = Buffer.from(memoryOf(payloads), payloads.offset);
  const room = memoryOf(contents);
  let at = contents.offset;
  return chains.map((chain) => {
    const { length } = chain.at(-1)!;
    const into = Buffer.from(room, at, length);
    at += length;
    try {
      const records = chain.map((record) => unpack(from, record));
      const content = decodeChain(hash, records, into);
      // A content that was not encoded is where it came from.
      if (content.buffer !== into.buffer || content.byteOffset !== into.byteOffset) content.copy(into);
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  });
}

port.on("message", ({ id, job }: DecodeRequest) => {
  const errors = job.kind === "decode" ? decode(job) : readRecords(job);
  const result: DecodeResult = { id, errors };
  port.postMessage(result);
});
