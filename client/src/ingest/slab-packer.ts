/** Fills slabs with chunks: bytes are read into a slab where they will be hashed and encoded. */
import { hash } from "node:crypto";
import { type HashAlgorithm, hashLength } from "@datadb/protocol";
import { SLAB_BYTES, slabStart } from "../chunker/slab-memory.ts";
import type { InPlace } from "./encode-in-place.ts";

/** The chunks of one slab; who gets it owns the slab from then on. */
export interface SlabBatch {
  slab: number;
  /** Names of the chunks, one after another. */
  names: Uint8Array<ArrayBuffer>;
  /** Address and length of each chunk. */
  ranges: Uint32Array<ArrayBuffer>;
  /** What the chunks were encoded to as they were made: then it lies in the slab, and they do not. */
  encoded: InPlace | null;
  /** The name of a probable base for each chunk, zeros where there is none; empty when no chunk has one. */
  bases: Uint8Array<ArrayBuffer>;
}

/** What to transfer with a batch. */
export function transferOfBatch({ names, ranges, bases, encoded }: SlabBatch): ArrayBuffer[] {
  const own = [names.buffer, ranges.buffer, bases.buffer];
  return encoded === null ? own : [...own, encoded.encodings.buffer, encoded.ranges.buffer];
}

/** Where slabs come from and go to. */
export interface SlabExchange {
  acquire(): Promise<number>;
  post(batch: SlabBatch): void;
}

/** Chunks at least this small are counted on when the tables of a slab are made. */
const FIRST_CHUNKS = 256;

/** One slab after another, owned by one thread. Nothing in a slab survives `ensure` but what was added. */
export class SlabPacker {
  /** Whether chunks are encoded as they are made. */
  readonly encodes: boolean = false;
  readonly view: Buffer;
  /** Address of the first free byte. */
  position = 0;
  protected end = 0;
  private slab = -1;
  private names: Buffer;
  private ranges: number[] = [];
  /** Chunks with a probable base: their index, and its name. */
  private bases: [number, Buffer][] = [];
  private arriving: Promise<void> | undefined;
  private readonly hash: HashAlgorithm;
  private readonly nameBytes: number;
  private readonly exchange: SlabExchange;

  constructor(memory: WebAssembly.Memory, hash: HashAlgorithm, exchange: SlabExchange) {
    this.view = Buffer.from(memory.buffer);
    this.hash = hash;
    this.nameBytes = hashLength(hash);
    this.exchange = exchange;
    this.names = Buffer.alloc(FIRST_CHUNKS * this.nameBytes);
  }

  /** Bytes free in the slab at hand; 0 without one. */
  get free(): number {
    return this.end - this.position;
  }

  /** Resolves with at least `bytes` free (at most a slab); what was packed before is posted when it is in the way. */
  async ensure(bytes: number): Promise<void> {
    while (this.free < bytes) {
      this.flush();
      this.arriving ??= this.exchange.acquire().then((slab) => {
        this.arriving = undefined;
        this.slab = slab;
        this.begin(slabStart(slab));
      });
      await this.arriving;
    }
  }

  /** Makes the bytes from `position` to `to` a chunk, and returns its name. */
  add(to: number): Buffer {
    const count = this.ranges.length / 2;
    // As text: a digest that comes as a Buffer brings an ArrayBuffer of its own, twice as slow for small files.
    const digest = hash(this.hash, this.view.subarray(this.position, to), "binary");
    if ((count + 1) * this.nameBytes > this.names.length) {
      this.names = Buffer.concat([this.names, Buffer.alloc(this.names.length)]);
    }
    this.names.write(digest, count * this.nameBytes, "latin1");
    this.ranges.push(this.position, to - this.position);
    this.added(this.position, to);
    this.position = to;
    return Buffer.from(digest, "latin1");
  }

  /** The chunk that was added last probably resembles the blob `base`. */
  hint(base: Buffer): void {
    this.bases.push([this.ranges.length / 2 - 1, base]);
  }

  /** All that came is in chunks: what comes next may lie anywhere. */
  rewind(): void {}

  /** Hands the slab over with what was added; an empty one is kept. */
  flush(): void {
    if (this.ranges.length === 0) return;
    const { slab, ranges, nameBytes, bases } = this;
    const names = new Uint8Array((ranges.length / 2) * nameBytes);
    names.set(this.names.subarray(0, names.length));
    const hints = new Uint8Array(bases.length > 0 ? names.length : 0);
    for (const [index, base] of bases) hints.set(base, index * nameBytes);
    this.ranges = [];
    this.bases = [];
    this.slab = -1;
    this.position = 0;
    this.end = 0;
    this.exchange.post({
      slab,
      names,
      ranges: Uint32Array.from(ranges),
      bases: hints,
      encoded: this.takeEncoded(),
    });
  }

  /** A slab has come. */
  protected begin(address: number): void {
    this.position = address;
    this.end = address + SLAB_BYTES;
  }

  /** What lies there is a chunk now, and named. */
  protected added(_from: number, _to: number): void {}

  protected takeEncoded(): InPlace | null {
    return null;
  }

  /** Gives an unused slab back: its number, or -1 when there is none. After flush. */
  release(): number {
    const { slab } = this;
    this.slab = -1;
    this.position = 0;
    this.end = 0;
    return slab;
  }
}
