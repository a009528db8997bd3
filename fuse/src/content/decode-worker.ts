/** A thread that decodes and verifies chunks. */
import { parentPort } from "node:worker_threads";
import { contentOf } from "@datadb/client";
import type { BlobRecord } from "@datadb/protocol";
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

port.on("message", (job: DecodeJob | null) => {
  if (job === null) return void port.close();
  const contents = job.chains.map((chain) => {
    const content = contentOf(
      job.hash,
      chain.map((record) => unpack(job, record)),
    );
    if (content instanceof Error) return content.message;
    // Memory of its own can be handed over; a view of something larger has to be copied.
    const whole = content.byteLength === content.buffer.byteLength && content.buffer !== job.payloads;
    return whole ? new Uint8Array(content.buffer) : Uint8Array.from(content);
  });
  const result: DecodeResult = { id: job.id, contents };
  const moved = contents.flatMap((one) => (typeof one === "string" ? [] : [one.buffer as ArrayBuffer]));
  port.postMessage(result, [...new Set(moved)]);
});
