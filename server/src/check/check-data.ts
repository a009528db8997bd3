/** Reads packs, decodes and hashes what is in them: all, or those that were not verified for longest. */
import type { PackFacts } from "@datadb/backends";
import { type BlobRecord, DatadbError, MAX_BATCH_NAMES } from "@datadb/protocol";
import { readChain } from "../blobs/read-contents.ts";
import type { BlobKind, CheckEvent } from "../database.ts";
import { blobsWithin, noteDamage, type Ranges } from "./check-packs.ts";
import type { CheckPart, CheckState } from "./check-source.ts";
import { eventQueue } from "./event-queue.ts";
import { verifyOne } from "./verify-one.ts";

/** Payloads that are held at once, for each pack that is read. */
const BATCH_BYTES: number = 8 * 1024 * 1024;
/** Packs that are read at once: while the threads verify what came from one, the other is read. */
const PARALLEL_PACKS = 2;

type Wanted = { name: Buffer; payloadLength: number };
interface Pack extends PackFacts {
  kind: BlobKind;
  verified: number;
}

async function chainsOf(
  state: CheckState,
  records: readonly (BlobRecord | null)[],
): Promise<(BlobRecord[] | null)[]> {
  return Promise.all(
    records.map(async (record) => {
      if (record === null) return null;
      return record.base === null ? [record] : readChain(state.source.backend, record).catch(() => null);
    }),
  );
}

async function* verifyBatch(state: CheckState, kind: BlobKind, batch: readonly Wanted[]): CheckPart {
  const { backend, encoder } = state.source;
  state.signal?.throwIfAborted();
  const names = batch.map(({ name }) => name);
  let chains: (BlobRecord[] | null)[];
  try {
    chains = await chainsOf(state, await backend.getMany(kind, names));
  } catch (error) {
    if (!(error instanceof DatadbError)) throw error;
    // One bad record fails the batch: singly the others are saved.
    chains = names.map(() => null);
  }
  state.read += batch.length;
  for (const { payloadLength } of batch) state.readBytes += payloadLength;
  const whole = chains.flatMap((chain, at) => (chain === null ? [] : [{ chain, at }]));
  const good = await encoder.verify(whole.map(({ chain }) => chain));
  const passed = new Set(whole.filter((_, index) => good[index]).map(({ at }) => at));
  for (const [at, name] of names.entries()) if (!passed.has(at)) yield* verifyOne(state, kind, name);
}

/** In batches of at most BATCH_BYTES. */
async function* inBatches(state: CheckState, kind: BlobKind, wanted: readonly Wanted[]): CheckPart {
  let batch: Wanted[] = [];
  let bytes = 0;
  for (const one of wanted) {
    if (batch.length >= MAX_BATCH_NAMES || (batch.length > 0 && bytes + one.payloadLength > BATCH_BYTES)) {
      yield* verifyBatch(state, kind, batch);
      batch = [];
      bytes = 0;
    }
    batch.push(one);
    bytes += one.payloadLength;
  }
  if (batch.length > 0) yield* verifyBatch(state, kind, batch);
}

/** One pack from end to end; it is noted as verified when nothing in it is wrong. */
async function scrubPack(
  state: CheckState,
  { pack, kind }: Pack,
  ranges: Ranges,
  tell: (event: CheckEvent) => void,
): Promise<void> {
  let clean = true;
  const pass = async (part: CheckPart): Promise<void> => {
    for await (const event of part) {
      if (event.type !== "progress") clean = false;
      tell(event);
    }
  };
  for await (const listing of state.source.backend.list(kind, state.signal, pack)) {
    for (const note of noteDamage(ranges, listing)) {
      clean = false;
      tell(note);
    }
    // What was forgotten is in its pack until that is rewritten, and nobody's any more.
    const names = listing.records.map(({ name }) => name);
    const known = await state.source.backend.hasMany(kind, names);
    await pass(
      inBatches(
        state,
        kind,
        listing.records.filter((_, at) => known[at] === 1),
      ),
    );
  }
  if (clean) await state.source.scrubs.noteVerified(pack);
}

async function listPacks({ source }: CheckState): Promise<Pack[]> {
  const packs: Pack[] = [];
  for (const kind of ["node", "data"] as const)
    for (const facts of await source.backend.packs(kind))
      packs.push({ ...facts, kind, verified: await source.scrubs.verified(facts.pack) });
  return packs.sort((a, b) => a.verified - b.verified);
}

/** The packs that come first, until they have this share of all bytes. */
function firstPacks(packs: readonly Pack[], percent: number): Pack[] {
  const wanted = (packs.reduce((sum, { bytes }) => sum + bytes, 0) * percent) / 100;
  const chosen: Pack[] = [];
  for (let bytes = 0; bytes < wanted && chosen.length < packs.length; bytes += chosen.at(-1)?.bytes ?? 0)
    chosen.push(packs[chosen.length] as Pack);
  return chosen;
}

/** Verifies `percent` of the bytes of nodes and data. */
export async function* checkData(state: CheckState, percent: number): CheckPart {
  if (percent <= 0) return;
  const { scrubs } = state.source;
  const all = await listPacks(state);
  const begun = percent >= 100 ? await scrubs.begin() : null;
  const chosen = begun === null ? firstPacks(all, percent) : all.filter(({ verified }) => verified < begun);
  if (chosen.length < all.length && begun !== null)
    yield {
      type: "note",
      message: `the check that began at ${new Date(begun).toISOString()} goes on: ${all.length - chosen.length} packs were verified since`,
    };
  const total = chosen.reduce((sum, { bytes }) => sum + bytes, 0);
  const ranges: Record<BlobKind, Ranges> = { node: new Map(), data: new Map() };
  const queue = eventQueue();
  let done = 0;
  let next = 0;
  const work = async (): Promise<void> => {
    for (let pack = chosen[next++]; pack !== undefined; pack = chosen[next++]) {
      await scrubPack(state, pack, ranges[pack.kind], queue.tell);
      done += pack.bytes;
      queue.tell({ type: "progress", phase: "data", done, total });
    }
  };
  queue.run(Array.from({ length: PARALLEL_PACKS }, work));
  yield* queue.events();
  for (const kind of ["node", "data"] as const) yield* blobsWithin(state, kind, ranges[kind]);
  if (begun !== null) await scrubs.end();
}
