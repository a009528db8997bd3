/**
 * A number for each of very many names, in about a byte a name: built once from the names in order. Names are hashes, so that
 * their first bytes tell neighbours apart, and a few others tell the names of one bucket apart.
 */

/** Names of one bucket, and the places that they are spread over: about one seed in ninety spreads sixteen names without a collision. */
const BUCKET_NAMES = 16;
const BUCKET_PLACES = 32;
/** Buckets that are allocated together. */
const CHUNK_BUCKETS = 4096;
const MAX_SEED = 0xffff;
/** The first six bytes of a name order the buckets, the next eight are what seeds spread. */
const PREFIX_BYTES = 6;

interface Chunk {
  /** First name of each bucket: four bytes, then two. */
  readonly high: Uint32Array;
  readonly low: Uint16Array;
  readonly seeds: Uint16Array;
  /** A bit for each place. */
  readonly marks: Uint32Array;
  readonly flags: Uint32Array;
  /** Two bits for each place: whether it was used, and whether more than once. Allocated when the first one is. */
  used: Uint32Array | null;
  reused: Uint32Array | null;
}

/** The names of one kind. A name that was not added gets the number of another one, or of none. */
export interface NameTable {
  /** Adds the next name, which must not change until the next ones are added; `flagged` is remembered with it. */
  add(name: Buffer, flagged: boolean): void;
  /** No more are added. */
  finish(): void;
  /** How many were added. */
  readonly names: number;
  /** Marks a name; false when it was marked before. */
  mark(name: Buffer): boolean;
  marked(name: Buffer): boolean;
  flagged(name: Buffer): boolean;
  /** How many were added with it. */
  readonly flags: number;
  /** Notes a use of a name; true for its first. */
  use(name: Buffer): boolean;
  /** Whether it was used more than once. */
  shared(name: Buffer): boolean;
}

function newChunk(): Chunk {
  return {
    high: new Uint32Array(CHUNK_BUCKETS),
    low: new Uint16Array(CHUNK_BUCKETS),
    seeds: new Uint16Array(CHUNK_BUCKETS),
    marks: new Uint32Array(CHUNK_BUCKETS),
    flags: new Uint32Array(CHUNK_BUCKETS),
    used: null,
    reused: null,
  };
}

/** Where a seed puts a name: 0 to 31. */
function placeOf(name: Buffer, seed: number): number {
  return spread(name.readInt32LE(PREFIX_BYTES), name.readInt32LE(PREFIX_BYTES + 4), seed);
}

function spread(a: number, b: number, seed: number): number {
  let mixed = Math.imul(a ^ Math.imul(seed + 1, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(b + seed, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x27d4eb2f);
  return (mixed ^ (mixed >>> 13)) & (BUCKET_PLACES - 1);
}

/** A seed that gives each name a place of its own; 0 when there is none: then names share a bit, and live and die together. */
function findSeed(names: readonly Buffer[]): number {
  // Some fifty seeds are tried: each name is read once.
  const first = names.map((name) => name.readInt32LE(PREFIX_BYTES));
  const second = names.map((name) => name.readInt32LE(PREFIX_BYTES + 4));
  for (let seed = 0; seed <= MAX_SEED; seed += 1) {
    let taken = 0;
    let free = true;
    for (let at = 0; at < names.length && free; at += 1) {
      const bit = 1 << spread(first[at]!, second[at]!, seed);
      free = (taken & bit) === 0;
      taken |= bit;
    }
    if (free) return seed;
  }
  return 0;
}

type Bits = "marks" | "flags" | "used" | "reused";

/** The bit of a name in a bucket as it was, set afterwards if need be. */
function bitIn(chunk: Chunk, at: number, name: Buffer, which: Bits, set: boolean): boolean {
  if (set && (which === "used" || which === "reused")) chunk[which] ??= new Uint32Array(CHUNK_BUCKETS);
  const bits = chunk[which];
  if (bits === null) return false;
  const bit = 1 << placeOf(name, chunk.seeds[at]!);
  const before = (bits[at]! & bit) !== 0;
  if (set) bits[at]! |= bit;
  return before;
}

/**
 * The last of the buckets whose first name is not beyond this one; -1 when there is none. `guess`: who asks for names in order wants the bucket that
 * was found for the one before, or the next one.
 */
function findBucket(chunks: readonly Chunk[], buckets: number, guess: number, name: Buffer): number {
  const [high, low] = [name.readUInt32BE(0), name.readUInt16BE(4)];
  const isBeyond = (bucket: number): boolean => {
    if (bucket >= buckets) return true;
    const chunk = chunks[Math.floor(bucket / CHUNK_BUCKETS)]!;
    const at = bucket % CHUNK_BUCKETS;
    const first = chunk.high[at]!;
    return first > high || (first === high && chunk.low[at]! > low);
  };
  let [from, to] = [0, buckets];
  if (isBeyond(guess)) to = guess;
  else if (isBeyond(guess + 1)) return guess;
  else if (isBeyond(guess + 2)) return guess + 1;
  else from = guess + 3;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (isBeyond(middle)) to = middle;
    else from = middle + 1;
  }
  return from - 1;
}

/** An empty table; names come in ascending order, as a sorted index has them. */
export function createNameTable(): NameTable {
  const chunks: Chunk[] = [];
  let buckets = 0;
  let names = 0;
  let flags = 0;
  let open: Buffer[] = [];
  let openFlags: boolean[] = [];

  const samePrefix = (a: Buffer, b: Buffer): boolean => a.compare(b, 0, PREFIX_BYTES, 0, PREFIX_BYTES) === 0;
  const close = (): void => {
    const first = open[0];
    if (first === undefined) return;
    const at = buckets % CHUNK_BUCKETS;
    if (at === 0) chunks.push(newChunk());
    const chunk = chunks.at(-1)!;
    chunk.high[at] = first.readUInt32BE(0);
    chunk.low[at] = first.readUInt16BE(4);
    const seed = findSeed(open);
    chunk.seeds[at] = seed;
    for (const [index, name] of open.entries())
      if (openFlags[index]) chunk.flags[at]! |= 1 << placeOf(name, seed);
    buckets += 1;
    open = [];
    openFlags = [];
  };
  let latest = 0;
  const bucketOf = (name: Buffer): number => {
    const found = findBucket(chunks, buckets, latest, name);
    latest = Math.max(0, found);
    return found;
  };
  const bitOf = (name: Buffer, which: Bits, set: boolean): boolean => {
    const bucket = bucketOf(name);
    if (bucket < 0) return false;
    return bitIn(chunks[Math.floor(bucket / CHUNK_BUCKETS)]!, bucket % CHUNK_BUCKETS, name, which, set);
  };
  return {
    add(name, flagged) {
      const last = open.at(-1);
      // Names with one prefix stay in one bucket, or a look-up could end in the wrong one.
      if (last !== undefined && open.length >= BUCKET_NAMES && !samePrefix(last, name)) close();
      open.push(name);
      openFlags.push(flagged);
      names += 1;
      if (flagged) flags += 1;
    },
    finish: close,
    get names() {
      return names;
    },
    mark: (name) => !bitOf(name, "marks", true),
    marked: (name) => bitOf(name, "marks", false),
    flagged: (name) => bitOf(name, "flags", false),
    get flags() {
      return flags;
    },
    use(name) {
      const first = !bitOf(name, "used", true);
      if (!first) bitOf(name, "reused", true);
      return first;
    },
    shared: (name) => bitOf(name, "reused", false),
  };
}
