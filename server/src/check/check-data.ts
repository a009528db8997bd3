/** Reads blobs, decodes and hashes them: all of them in the order of the packs, or a random part. */
import { type BlobRecord, DatadbError, MAX_BATCH_NAMES } from "@datadb/protocol";
import type { BlobKind } from "../database.ts";
import { checkPacks } from "./check-packs.ts";
import type { CheckPart, CheckState } from "./check-source.ts";
import { verifyOne } from "./verify-one.ts";

/** Payloads that are held at once. */
const BATCH_BYTES: number = 8 * 1024 * 1024;

type Wanted = { name: Buffer; payloadLength: number };

async function* verifyBatch(state: CheckState, kind: BlobKind, batch: readonly Wanted[]): CheckPart {
  const { backend, encoder } = state.source;
  state.signal?.throwIfAborted();
  let records: (BlobRecord | null)[] | null = null;
  try {
    records = await backend.getMany(
      kind,
      batch.map(({ name }) => name),
    );
  } catch (error) {
    if (!(error instanceof DatadbError)) throw error;
  }
  state.read += batch.length;
  for (const { payloadLength } of batch) state.readBytes += payloadLength;
  if (records === null) {
    for (const { name } of batch) yield* verifyOne(state, kind, name);
    return;
  }
  const suspects: Buffer[] = [];
  const plain = records.flatMap((record) => (record !== null && record.base === null ? [record] : []));
  for (const [at, good] of (await encoder.verify(plain)).entries())
    if (!good) suspects.push((plain[at] as BlobRecord).name);
  for (const [at, record] of records.entries())
    if (record === null || record.base !== null) suspects.push((batch[at] as Wanted).name);
  for (const name of suspects) yield* verifyOne(state, kind, name);
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

async function countRecords(state: CheckState): Promise<number> {
  let total = 0;
  for (const kind of ["node", "data"] as const)
    for await (const page of state.source.index.records(kind)) total += page.length;
  return total;
}

/** Verifies `percent` of the nodes and data. */
export async function* checkData(state: CheckState, percent: number): CheckPart {
  if (percent <= 0) return;
  const all = percent >= 100;
  const total = Math.ceil(((await countRecords(state)) * Math.min(percent, 100)) / 100);
  for (const kind of ["node", "data"] as const) {
    if (all) {
      yield* checkPacks(state, kind, async function* ({ records }) {
        yield* inBatches(state, kind, records);
        yield { type: "progress", phase: "data", done: state.read, total };
      });
      continue;
    }
    for await (const page of state.source.index.records(kind)) {
      yield* inBatches(
        state,
        kind,
        page.filter(() => Math.random() * 100 < percent),
      );
      yield { type: "progress", phase: "data", done: state.read, total };
    }
  }
}
