/** The side of a copy that receives: which blobs it lacks, and putting them. */
import { MAX_BATCH_NAMES, type RecordKind, WrongReplyError } from "@datadb/protocol";
import type { Connection } from "../connection.ts";

export interface BlobSink {
  /** Blobs and content bytes that were accepted. */
  readonly sent: { blobs: number; bytes: number };
  /** Those that are not there. The others stay as long as the session's lease. */
  lacking<T extends { name: Buffer }>(kind: RecordKind, blobs: readonly T[]): Promise<T[]>;
  /** Puts one blob; the other side encodes it, against `base` when that pays. Accepted, not durable. */
  put(kind: RecordKind, name: Buffer, content: Buffer, base: Buffer | null): Promise<void>;
}

export function blobSink(target: Connection): BlobSink {
  const sent = { blobs: 0, bytes: 0 };
  return {
    sent,
    async lacking(kind, blobs) {
      const absent: (typeof blobs)[number][] = [];
      for (let from = 0; from < blobs.length; from += MAX_BATCH_NAMES) {
        const batch = blobs.slice(from, from + MAX_BATCH_NAMES);
        const names = batch.map(({ name }) => name.toString("hex"));
        const reply = await target.call("BEXISTS", ...names, "KIND", kind);
        const there = Array.isArray(reply) ? reply : [reply];
        if (there.length !== batch.length)
          throw new WrongReplyError(`BEXISTS answered ${there.length} of ${batch.length} names`);
        absent.push(...batch.filter((_, place) => there[place] !== 1));
      }
      return absent;
    },
    async put(kind, name, content, base) {
      // A store in this process takes the content's memory: afterwards it is empty.
      const { length } = content;
      const hint = base === null ? [] : ["BASE", base.toString("hex")];
      const reply = await target.call("BPUT", content, "KIND", kind, ...hint);
      if (String(reply) !== name.toString("hex"))
        throw new WrongReplyError(
          `the target named a blob ${String(reply)} that has the name ${name.toString("hex")}`,
        );
      sent.blobs += 1;
      sent.bytes += length;
    },
  };
}
