/** Where chunks and nodes go: to the store in this process, or over a wire. */
import type { PackedRecords } from "../ingest/packed-records.ts";
import type { SlabBatch } from "../ingest/slab-packer.ts";

/** What an upload has taken so far. */
export interface UploadCounts {
  /** Chunks that the store did not have: their content, and what their records take (0 over a wire: not known). */
  newBytes: number;
  storedBytes: number;
  /** Bytes accepted since the last DONE. */
  undurable: number;
}

/**
 * Takes chunks and nodes in the order in which they are made; a node is put only after everything that was given
 * before it was accepted. Nothing is durable before `flush` or a commit.
 */
export interface Upload {
  readonly counts: UploadCounts;
  /** Whether content without a base is worth encoding before the store was asked for it. */
  expectsNew(): boolean;
  /** The chunks of one slab. `release` is called when the slab may be used again. */
  data(batch: SlabBatch, release: () => void): void;
  nodes(nodes: PackedRecords): void;
  /** Resolves when all that was given is accepted; rejects with the first failure. */
  settle(): Promise<void>;
}

/** Runs uploads side by side, in the order that nodes need, and remembers the first failure. */
export class UploadQueue {
  private readonly pending = new Set<Promise<void>>();
  private tail: Promise<void> = Promise.resolve();
  private failure: Error | undefined;
  private readonly failed: (error: Error) => void;

  constructor(failed: (error: Error) => void) {
    this.failed = failed;
  }

  /** Something on which nodes that come later may depend. */
  data(run: () => Promise<void>): void {
    const done = this.guarded(run()).finally(() => this.pending.delete(done));
    this.pending.add(done);
  }

  /** Something that must come after all that was given before. */
  afterwards(run: () => Promise<void>): void {
    const before = [...this.pending, this.tail];
    this.tail = this.guarded(Promise.all(before).then(() => (this.failure ? undefined : run())));
  }

  async settle(): Promise<void> {
    while (this.pending.size > 0) await Promise.all(this.pending);
    await this.tail;
    if (this.failure) throw this.failure;
  }

  private async guarded(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (this.failure) return;
      this.failure = error as Error;
      this.failed(this.failure);
    }
  }
}
