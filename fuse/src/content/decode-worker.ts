/** A thread that decodes and verifies chunks, from shared memory into shared memory. */
import { parentPort } from "node:worker_threads";
import { type BlobRecord, decodeChain } from "@datadb/protocol";
import type { DecodeJob, DecodeResult, PackedRecord } from "./decode-messages.ts";

const port = parentPort!;

function unpack({ payloads }: DecodeJob, record: PackedRecord): BlobRecord {
  const { from, to, name, base, ...rest } = record;
  return {
    ...rest,
    name: Buffer.from(name),
    base: base === null ? null : Buffer.from(base),
    payload: Buffer.from(payloads, from, to - from),
  };
}

port.on("message", (job: DecodeJob) => {
  let at = 0;
  const errors = job.chains.map((chain) => {
    const { length } = chain.at(-1)!;
    const into = Buffer.from(job.contents, at, length);
    at += length;
    try {
      const records = chain.map((record) => unpack(job, record));
      const content = decodeChain(job.hash, records, into);
      // A content that was not encoded is where it came from.
      if (content.buffer !== into.buffer || content.byteOffset !== into.byteOffset) content.copy(into);
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  });
  const result: DecodeResult = { id: job.id, errors };
  port.postMessage(result);
});
