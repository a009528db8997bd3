/** The ids of the last 10,000 committed transactions: what makes a commit idempotent. */
import { ByteReader, ByteWriter } from "@datadb/protocol";
import { readPages } from "../keyspace/committed-view.ts";
import type { Level } from "../keyspace/open-level.ts";
import { prefixEnd, TRANSACTION_PREFIX } from "../keyspace/raw-key.ts";

/** A client that comes back after this many commits of others is told LEASE_LOST or commits twice: nobody retries for so long. */
const KEPT_IDS = 10_000;

/** Ids in the order in which they will be forgotten: by log record, then by their bytes, which a replay and a reopened store agree on. */
export class TransactionIds {
  private readonly sequences = new Map<string, number>();
  private readonly kept: number;

  constructor(kept: number = KEPT_IDS) {
    this.kept = kept;
  }

  /** Reads the `t` keys of meta/. */
  async load(level: Level): Promise<void> {
    const found: [string, number][] = [];
    const range = { gte: TRANSACTION_PREFIX, lt: prefixEnd(TRANSACTION_PREFIX) };
    for await (const page of readPages(level, range)) {
      for (const [key, value] of page)
        found.push([key.toString("latin1", 1), new ByteReader(value).varint()]);
    }
    // LevelDB's order is that of the bytes already, and sorting is stable.
    found.sort((a, b) => a[1] - b[1]);
    for (const [id, sequence] of found) this.sequences.set(id, sequence);
  }

  /** The sequence number of the commit with this id, if it is one of the last. */
  find(id: Buffer): number | undefined {
    return this.sequences.get(id.toString("latin1"));
  }

  /** Notes the ids that one log record committed; returns what changes in meta/. */
  take(sequence: number, ids: readonly Buffer[]): { puts: [Buffer, Buffer][]; removes: Buffer[] } {
    const puts: [Buffer, Buffer][] = [];
    const removes: Buffer[] = [];
    if (ids.length === 0) return { puts, removes };
    const writer = new ByteWriter(10);
    writer.varint(sequence);
    const value = writer.finish();
    for (const id of [...ids].sort(Buffer.compare)) {
      this.sequences.set(id.toString("latin1"), sequence);
      puts.push([Buffer.concat([TRANSACTION_PREFIX, id]), value]);
    }
    for (const id of this.sequences.keys()) {
      if (this.sequences.size <= this.kept) break;
      this.sequences.delete(id);
      removes.push(Buffer.concat([TRANSACTION_PREFIX, Buffer.from(id, "latin1")]));
    }
    return { puts, removes };
  }
}
