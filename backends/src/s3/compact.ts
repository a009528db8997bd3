/** compact of the s3 backend: which packs go, and how what they hold is carried over. */
import { PACK_HEADER_BYTES, recordSize } from "@datadb/protocol";
import type { CompactOptions, CompactSummary } from "../backend.ts";
import { decodeLocation, isDistrusted, recordKeyRange } from "../blobsfile/location.ts";
import { carryOver } from "./carry-over.ts";
import { dropPacks } from "./drop-packs.ts";
import type { Pack, Shelf } from "./shelf.ts";

/** A pack below this part of the usual size is short. */
const SHORT_PART = 1 / 4;
/** So many short packs are merged: to carry a few over again and again costs more requests than they do. */
const SHORT_PACKS = 8;
/** Packs whose records are looked for with one reading of the index, and about how many records: some hundred bytes of memory for each. */
const GROUP_PACKS = 64;
const GROUP_RECORDS = 262_144;

/** How much of a pack is needed. */
interface Use {
  readonly pack: Pack;
  records: number;
  bytes: number;
  /** A record of it is damaged: it stays where it is. */
  damaged: boolean;
}

interface Plan {
  dead: Use[];
  rewritten: Use[];
  unused: number;
}

/** Bytes of a pack that no record needs; what its table takes does not count. */
function unusedOf({ pack, bytes, records }: Use, nameLength: number): number {
  // A table has about so much for each record; what removed ones have there is small.
  const table = 60 + records * (nameLength + 8);
  return Math.max(0, pack.size - PACK_HEADER_BYTES - table - bytes);
}

async function readUses(shelf: Shelf, signal?: AbortSignal): Promise<Use[]> {
  const { place, packs, lostFrom } = shelf;
  const uses = new Map<number, Use>();
  for (const pack of packs.values()) {
    if (!lostFrom.has(pack.number)) uses.set(pack.number, { pack, records: 0, bytes: 0, damaged: false });
  }
  for await (const [, value] of place.index.entries(...recordKeyRange(shelf.kind))) {
    const location = decodeLocation(value);
    const use = uses.get(location.pack);
    if (use === undefined) continue;
    if (use.records % 4096 === 0) signal?.throwIfAborted();
    use.records += 1;
    use.bytes += recordSize(location, place.nameLength);
    use.damaged ||= isDistrusted(value);
  }
  return [...uses.values()];
}

function planOf(shelf: Shelf, uses: readonly Use[], unused: number): Plan {
  const { nameLength, connection } = shelf.place;
  const wasted = (use: Use): boolean => {
    const waste = unusedOf(use, nameLength);
    return waste > 0 && waste > use.pack.size * unused;
  };
  const dead = uses.filter(({ records }) => records === 0);
  const alive = uses.filter(({ records, damaged }) => records > 0 && !damaged);
  const short = alive.filter(({ pack }) => pack.size < connection.options.packBytes * SHORT_PART);
  const merged = new Set(short.length >= SHORT_PACKS ? short : []);
  // What is cold is not read to save space: that would cost more than the space.
  const fixed = shelf.kind === "log" || (shelf.kind === "data" && connection.options.cold);
  const rewritten = fixed ? [] : alive.filter((use) => merged.has(use) || wasted(use));
  const going = new Set([...dead, ...rewritten]);
  const left = uses.filter((use) => !going.has(use));
  return { dead, rewritten, unused: left.reduce((sum, use) => sum + unusedOf(use, nameLength), 0) };
}

/** Packs that are carried over together. */
function* groups(uses: readonly Use[]): Generator<Use[]> {
  let group: Use[] = [];
  let records = 0;
  for (const use of uses) {
    if (group.length >= GROUP_PACKS || (group.length > 0 && records + use.records > GROUP_RECORDS)) {
      yield group;
      [group, records] = [[], 0];
    }
    group.push(use);
    records += use.records;
  }
  if (group.length > 0) yield group;
}

/** See Backend.compact, of one kind. */
export async function compactShelf(
  shelf: Shelf,
  shelves: readonly Shelf[],
  options: CompactOptions,
  summary: CompactSummary,
): Promise<void> {
  const { unused, signal, onProgress } = options;
  const plan = planOf(shelf, await readUses(shelf, signal), unused);
  summary.unused += plan.unused;
  const sizeOf = (uses: readonly Use[]): number => uses.reduce((sum, { pack }) => sum + pack.size, 0);
  const total = sizeOf(plan.dead) + sizeOf(plan.rewritten);
  let done = 0;
  const drop = async (gone: readonly Use[]): Promise<void> => {
    await dropPacks(
      shelf,
      gone.map(({ pack }) => pack.number),
    );
    summary.packs += gone.length;
    summary.returned += sizeOf(gone);
    done += sizeOf(gone);
    onProgress?.(done, total);
  };
  await drop(plan.dead);
  for (const group of groups(plan.rewritten)) {
    const numbers = new Set(group.map(({ pack }) => pack.number));
    const bytes = await carryOver(shelf, shelves, numbers, signal);
    if (bytes === null) {
      summary.unused += group.reduce((sum, use) => sum + unusedOf(use, shelf.place.nameLength), 0);
      continue;
    }
    await drop(group);
    summary.returned -= bytes;
    summary.rewritten += bytes;
  }
}
