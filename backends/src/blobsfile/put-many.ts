/** putMany of the blobsfile backend. */
import type { BlobRecord } from "@datadb/protocol";
import { recordSize } from "@datadb/protocol";
import { enqueueBatch } from "./append-queue.ts";
import { knownMany } from "./known-many.ts";
import { recordKeys } from "./location.ts";
import type { Entry, Shelf } from "./shelf.ts";

/** Index look-ups are synchronous: this many names take about 10 ms, then others get their turn. */
const SLICE_RECORDS = 4096;

interface Settled {
  done: Promise<void>;
  settle(error: Error | null): void;
}

function settled(): Settled {
  let settle: Settled["settle"] = () => {};
  const done = new Promise<void>((resolve, reject) => {
    settle = (error) => (error === null ? resolve() : reject(error));
  });
  return { done, settle };
}

/** Queues the records that are neither there nor on their way; adds to `waits` whatever must end before all are accepted. */
function queueSlice(shelf: Shelf, records: readonly BlobRecord[], waits: Set<Promise<void>>): void {
  const keys = recordKeys(
    shelf.kind,
    records.map((record) => record.name),
  );
  const known = knownMany(shelf, keys);
  const { done, settle } = settled();
  const entries: Entry[] = [];
  let bytes = 0;
  records.forEach((record, index) => {
    const other = shelf.pending.get(record.name);
    if (other !== undefined) {
      if (other.value === null) waits.add(other.done);
    } else if (known[index] === 0) {
      const entry: Entry = {
        key: keys[index]!,
        record,
        value: null,
        pack: null,
        end: 0,
        removed: false,
        distrusted: false,
        moved: false,
        serial: 0,
        done,
      };
      shelf.pending.set(record.name, entry);
      entries.push(entry);
      bytes += recordSize(record, shelf.place.nameLength);
    }
  });
  if (entries.length === 0) return;
  waits.add(done);
  enqueueBatch(shelf, { entries, bytes, settle });
}

/** Accepts records of this shelf's kind, see Backend.putMany. `ready` is awaited before each slice. */
export async function putMany(
  shelf: Shelf,
  records: readonly BlobRecord[],
  ready: () => Promise<void>,
): Promise<void> {
  for (let at = 0; at < records.length; at += SLICE_RECORDS) {
    await ready();
    const waits = new Set<Promise<void>>();
    queueSlice(
      shelf,
      records.length <= SLICE_RECORDS ? records : records.slice(at, at + SLICE_RECORDS),
      waits,
    );
    await Promise.all(waits);
  }
}
