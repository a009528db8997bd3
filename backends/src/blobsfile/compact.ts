/** compact of the blobsfile backend: which packs go, and in which order. */
import { DiskFullError } from "@datadb/protocol";
import type { CompactOptions, CompactSummary } from "../backend.ts";
import { enqueueJob } from "./append-queue.ts";
import { dropPacks } from "./drop-packs.ts";
import { flushShelves } from "./flush.ts";
import type { ChangedNames } from "./index-changes.ts";
import { nameOfEntry } from "./indexed-shelf.ts";
import { livePacks } from "./live-packs.ts";
import type { LiveRecords } from "./live-records.ts";
import { moveFromEnd } from "./move-from-end.ts";
import { type Moved, moveRecords } from "./move-records.ts";
import { sealPack } from "./pack-lifecycle.ts";
import { type PackUse, packUses } from "./pack-use.ts";
import type { Shelf } from "./shelf.ts";

/** A sealed pack below this part of the limit is short: two or more of them are merged. */
const SHORT_PART = 1 / 4;
/** From this size on the log begins another pack, so that the old one can go when a checkpoint has replaced it. */
const LOG_PACK_BYTES = 1024 * 1024;
/** What a disk must have free beside the copies of a pack: for the index, and for those who put meanwhile. */
const SPARE_BYTES = 8 * 1024 * 1024;

interface Plan {
  /** Without records. */
  readonly dead: PackUse[];
  /** To be copied and deleted. */
  readonly rewritten: PackUse[];
  /** Bytes of removed records in packs that stay. */
  readonly unused: number;
}

/** Whether the pack that is appended to should take no more, so that it can be rewritten or dropped. */
function shouldSeal(shelf: Shelf, use: PackUse, unused: number): boolean {
  if (shelf.kind === "log") return use.size >= LOG_PACK_BYTES;
  return use.unused > 0 && use.unused > use.size * unused;
}

async function sealCurrent(shelf: Shelf, number: number): Promise<void> {
  await enqueueJob(shelf, async () => {
    if (shelf.current?.number === number) await sealPack(shelf, shelf.current);
  });
}

function planOf(shelf: Shelf, uses: readonly PackUse[], unused: number): Plan {
  const sealed = uses.filter(({ number, settled }) => settled && !shelf.lostFrom.has(number));
  const dead = sealed.filter(({ records }) => records === 0);
  const alive = sealed.filter(({ records }) => records > 0);
  const short = alive.filter(({ size }) => size < shelf.place.maxPackBytes * SHORT_PART);
  const merged = short.length > 1 ? new Set(short) : new Set<PackUse>();
  const rewritten =
    shelf.kind === "log"
      ? []
      : alive.filter((use) => merged.has(use) || (use.unused > 0 && use.unused > use.size * unused));
  const going = new Set([...dead, ...rewritten]);
  const left = uses.reduce((sum, use) => sum + (going.has(use) ? 0 : use.unused), 0);
  return { dead, rewritten, unused: left };
}

/** What one run works with. */
interface Run {
  readonly shelf: Shelf;
  readonly shelves: readonly Shelf[];
  readonly options: CompactOptions;
  readonly summary: CompactSummary;
  /** Names whose entries may not be what the index said when it was read. */
  readonly changed: ChangedNames;
  /** Tells of bytes that were given back. */
  gave(bytes: number): void;
}

async function drop({ shelf, summary, gave }: Run, gone: readonly PackUse[], cut: number): Promise<void> {
  await dropPacks(
    shelf,
    gone.map(({ number }) => number),
  );
  summary.packs += gone.length;
  gave(gone.reduce((sum, { size }) => sum + size, -cut));
}

/** What is live in a pack, as livePacks says. */
type LiveIn = (use: PackUse) => Promise<LiveRecords | null>;

async function move(run: Run, use: PackUse, liveIn: LiveIn, onCut: (bytes: number) => void): Promise<Moved> {
  const { shelf, shelves, options, changed } = run;
  const { fs, directory } = shelf.place;
  const room = (await fs.freeBytes(directory)) - SPARE_BYTES;
  if (room < use.size - use.unused) return await moveFromEnd(shelf, use, shelves, onCut, options.signal);
  return await moveRecords(shelf, use, { live: await liveIn(use), changed }, shelves, options.signal);
}

/** Resolves with whether to go on: the disk is not full. */
async function rewrite(run: Run, use: PackUse, liveIn: LiveIn): Promise<boolean> {
  const { summary, gave } = run;
  let cut = 0;
  const moved = await move(run, use, liveIn, (bytes) => {
    cut += bytes;
    gave(bytes);
  }).catch((error: unknown) => {
    if (!(error instanceof DiskFullError) || summary.returned === 0) throw error;
    return "full" as const;
  });
  if (moved === null || moved === "full") {
    summary.unused += Math.max(0, use.unused - cut);
    return moved === null;
  }
  await drop(run, [use], cut);
  summary.returned -= moved.bytes;
  summary.rewritten += moved.bytes;
  return true;
}

/** The use of all packs; the one that is appended to is sealed when it should be. */
async function usesToPlan(
  shelf: Shelf,
  shelves: readonly Shelf[],
  { unused, signal }: CompactOptions,
): Promise<PackUse[]> {
  const { serials } = shelf;
  const uses = await packUses(shelf, signal);
  const current = uses.find(({ number }) => number === shelf.current?.number);
  if (current === undefined || !shouldSeal(shelf, current, unused)) return uses;
  await sealCurrent(shelf, current.number);
  await flushShelves(shelves);
  if (!current.whole || shelf.serials !== serials) return packUses(shelf, signal);
  // Nothing came to it since the index was read.
  return uses.map((use) => (use === current ? { ...use, settled: true } : use));
}

/** See Backend.compact, of one kind. */
export async function compactShelf(
  shelf: Shelf,
  shelves: readonly Shelf[],
  options: CompactOptions,
  summary: CompactSummary,
): Promise<void> {
  const changed = await shelf.changes.watch();
  try {
    // What is on its way to another place may lie there before the index is read, or after.
    shelf.changes.note(shelf.moving.values().map(nameOfEntry));
    await compactPacks(shelf, shelves, options, summary, changed);
  } finally {
    changed.close();
  }
}

async function compactPacks(
  shelf: Shelf,
  shelves: readonly Shelf[],
  options: CompactOptions,
  summary: CompactSummary,
  changed: ChangedNames,
): Promise<void> {
  const { unused, signal, onProgress } = options;
  const uses = await usesToPlan(shelf, shelves, options);
  const plan = planOf(shelf, uses, unused);
  summary.unused += plan.unused;
  const total = [...plan.dead, ...plan.rewritten].reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  const gave = (bytes: number): void => {
    summary.returned += bytes;
    done += bytes;
    onProgress?.(done, total);
  };
  const run: Run = { shelf, shelves, options, summary, changed, gave };
  // Space first: the copies of the others may need it.
  await drop(run, plan.dead, 0);
  // Those that need least room first: what they give back is room for the others.
  const order = plan.rewritten.toSorted((a, b) => a.size - a.unused - (b.size - b.unused));
  const records = uses.reduce((sum, use) => sum + use.records, 0);
  const liveIn = livePacks(shelf, order, records, signal);
  let room = true;
  for (const use of order) {
    signal?.throwIfAborted();
    if (room) room = await rewrite(run, use, liveIn);
    else summary.unused += use.unused;
  }
}
