/** Contents of chunks: read by a thread where they lie, if there is such a place, else by way of the store's records. */
import { type Connection, fetchChains, fetchRecords } from "@datadb/client";
import type { DecodedBatch, DecoderPool, ReadBatch } from "./decoder-pool.ts";
import type { SlabPool } from "./slab-pool.ts";

/** A chunk and how long its content must be. */
export interface WantedBlob {
  name: Buffer;
  length: number;
}

interface BatchSurroundings {
  connection: Connection;
  decoders: DecoderPool;
  slabs: SlabPool;
}

/** At most 1024 chunks, `small` as SMALL_BYTES says; the caller gives the slab back. Rejects when the store cannot be reached. */
export async function loadBatch(
  surroundings: BatchSurroundings,
  batch: readonly WantedBlob[],
  small: boolean,
): Promise<DecodedBatch> {
  const read = small ? null : await inPlace(surroundings, batch);
  if (read === null) return await byRecords(surroundings, batch, small);
  try {
    return { contents: await completed(surroundings, batch, read), slab: read.slab };
  } catch (error) {
    surroundings.slabs.give(read.slab);
    throw error;
  }
}

/** Null where no chunk has a place of its own. */
async function inPlace(
  { connection, decoders }: BatchSurroundings,
  batch: readonly WantedBlob[],
): Promise<ReadBatch | null> {
  const names = batch.map(({ name }) => name);
  const read = await connection.local?.withPlaces?.("data", names, async (places) =>
    places.every((place) => place === null)
      ? null
      : await decoders.read(batch.map((wanted, index) => ({ ...wanted, place: places[index]! }))),
  );
  return read ?? null;
}

/** With deltas, and with why what is not where it should be cannot be had. */
async function completed(
  surroundings: BatchSurroundings,
  batch: readonly WantedBlob[],
  { room, found }: ReadBatch,
): Promise<(Buffer | Error)[]> {
  const left = batch.flatMap((_, index) => (found[index] ? [] : [index]));
  if (left.length === 0) return room;
  const wanted = left.map((index) => batch[index]!);
  const rest = await byRecords(surroundings, wanted, false);
  const all: (Buffer | Error)[] = [...room];
  for (const [at, index] of left.entries()) {
    const content = rest.contents[at]!;
    if (content instanceof Error) all[index] = content;
    else content.copy(room[index]!);
  }
  if (rest.slab !== null) surroundings.slabs.give(rest.slab);
  return all;
}

async function byRecords(
  { connection, decoders }: BatchSurroundings,
  batch: readonly WantedBlob[],
  small: boolean,
): Promise<DecodedBatch> {
  const names = batch.map(({ name }) => name);
  const records = await fetchRecords(connection, "data", names);
  const { contents, slab } = await decoders.decode(
    await fetchChains(connection, "data", names, records),
    small,
  );
  return { contents: contents.map((content, index) => checked(batch[index]!, content)), slab };
}

function checked({ name, length }: WantedBlob, content: Buffer | Error): Buffer | Error {
  if (content instanceof Error || content.length === length) return content;
  return new Error(`blob ${name.toString("hex")} has ${content.length} bytes where ${length} belong`);
}
