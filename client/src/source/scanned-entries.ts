/** The entries of one directory while it is scanned. */
import type { DirectoryBuilder } from "@datadb/protocol";
import type { PendingEntry, ScannedEntries } from "./scan-unit.ts";

/** Entries in name order; those whose meta is not known yet keep their place. */
export class EntryList {
  /** Content bytes of the entries with metas. */
  bytes = 0;
  private readonly names: string[] = [];
  private readonly metas: (Buffer | null)[] = [];
  private readonly sizes: number[] = [];
  private readonly pending: PendingEntry[] = [];

  get count(): number {
    return this.names.length;
  }

  get hasPending(): boolean {
    return this.pending.length > 0;
  }

  add(name: string, meta: Buffer, bytes: number): void {
    this.names.push(name);
    this.metas.push(meta);
    this.sizes.push(bytes);
    this.bytes += bytes;
  }

  /** Keeps the place of an entry that is finished elsewhere. */
  pend(
    name: string,
    type: PendingEntry["type"],
    size: number,
    before: Buffer | undefined,
    more: Partial<PendingEntry> = {},
  ): void {
    const index = this.names.length;
    const previous = before === undefined ? {} : { previous: new Uint8Array(before) };
    this.pending.push({ index, name, type, size, ...previous, ...more });
    this.names.push(name);
    this.metas.push(null);
    this.sizes.push(0);
  }

  /** Adds all entries; there must be none pending. */
  addTo(builder: DirectoryBuilder): void {
    for (let i = 0; i < this.names.length; i++) {
      builder.add(this.metas[i]!, Buffer.from(this.names[i]!, "latin1"), 1, this.sizes[i]!);
    }
  }

  /** As a message. */
  pack(): ScannedEntries {
    let total = 0;
    for (const meta of this.metas) total += meta?.length ?? 0;
    const metas = new Uint8Array(total);
    const ends = new Uint32Array(this.metas.length);
    let at = 0;
    this.metas.forEach((meta, i) => {
      if (meta !== null) metas.set(meta, at);
      at += meta?.length ?? 0;
      ends[i] = at;
    });
    return { names: this.names, metas, ends, sizes: Float64Array.from(this.sizes), pending: this.pending };
  }
}
