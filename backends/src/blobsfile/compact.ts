/** compact of the blobsfile backend: which packs go, and in which order. */
import { DiskFullError } from "@datadb/protocol";
import type { CompactOptions, CompactSummary } from "../backend.ts";
import { enqueueJob } from "./append-queue.ts";
import { dropPacks } from "./drop-packs.ts";
import { flushShelves } from "./flush.ts";
import { moveRecords } from "./move-records.ts";
import { sealPack } from "./pack-lifecycle.ts";
import { type PackUse, packUses } from "./pack-use.ts";
import type { Shelf } from "./shelf.ts";

/** A sealed pack below this part of the limit is short: two or more of them are merged. */
const SHORT_PART = 1 / 4;
/** From this size on the log begins another pack, so that the old one can go when a checkpoint has replaced it. */
const LOG_PACK_BYTES = 1024 * 1024;

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

/** See Backend.compact, of one kind. */
export async function compactShelf(
  shelf: Shelf,
  shelves: readonly Shelf[],
  options: CompactOptions,
  summary: CompactSummary,
): Promise<void> {
  const { unused, signal, onProgress } = options;
  let uses = await packUses(shelf, signal);
  const current = uses.find(({ number }) => number === shelf.current?.number);
  if (current !== undefined && shouldSeal(shelf, current, unused)) {
    await sealCurrent(shelf, current.number);
    await flushShelves(shelves);
    uses = await packUses(shelf, signal);
  }
  const plan = planOf(shelf, uses, unused);
  summary.unused += plan.unused;
  const total = [...plan.dead, ...plan.rewritten].reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  const drop = async (gone: readonly PackUse[]): Promise<void> => {
    const bytes = gone.reduce((sum, { size }) => sum + size, 0);
    await dropPacks(
      shelf,
      gone.map(({ number }) => number),
    );
    summary.packs += gone.length;
    summary.returned += bytes;
    done += bytes;
    onProgress?.(done, total);
  };
  // Space first: the copies of the others may need it.
  await drop(plan.dead);
  // Those that need least room first: what they give back is room for the others.
  const order = plan.rewritten.toSorted((a, b) => a.size - a.unused - (b.size - b.unused));
  for (const [at, use] of order.entries()) {
    signal?.throwIfAborted();
    const moved = await moveRecords(shelf, use, shelves, signal).catch((error: unknown) => {
      if (!(error instanceof DiskFullError) || summary.returned === 0) throw error;
      return "full" as const;
    });
    if (moved === "full") {
      for (const left of order.slice(at)) summary.unused += left.unused;
      return;
    }
    if (moved === null) {
      summary.unused += use.unused;
      continue;
    }
    await drop([use]);
    summary.returned -= moved.bytes;
    summary.rewritten += moved.bytes;
  }
}
