/** Streams the verified content of one file, fetched a few MiB ahead. */
import { DamagedError, type HashAlgorithm, type Meta, readList } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import { outOfReach } from "../restore/out-of-reach.ts";
import { fetchContents } from "../tree/fetch-contents.ts";
import type { NodeCache } from "../tree/node-cache.ts";

/** Content bytes that are fetched together; as much again is on its way while they are used. */
const AHEAD_BYTES = 2 << 20;
const ZEROS: Buffer = Buffer.alloc(1 << 20);

interface Piece {
  name: Buffer | null;
  length: number;
}

interface PlacedPiece extends Piece {
  offset: number;
}

/** Holes come as zeros. Throws DamagedError naming the blob that is missing or damaged. */
export async function* readContent(
  connection: Connection,
  hash: HashAlgorithm,
  nodes: NodeCache,
  meta: Meta,
): AsyncGenerator<Buffer> {
  let before: Promise<Buffer[]> | null = null;
  for await (const batch of batched(readList(nodes.fetch, hash, meta, meta.size))) {
    const next = fetchBatch(connection, hash, batch);
    next.catch(() => {}); // reported when its turn comes
    if (before !== null) yield* await before;
    before = next;
  }
  if (before !== null) yield* await before;
}

async function* batched(pieces: AsyncIterable<Piece>): AsyncGenerator<PlacedPiece[]> {
  let batch: PlacedPiece[] = [];
  let bytes = 0;
  let offset = 0;
  for await (const piece of pieces) {
    // A hole of any length must not become one buffer.
    for (let left = piece.length; left > 0; left -= ZEROS.length) {
      const length = piece.name === null ? Math.min(left, ZEROS.length) : piece.length;
      batch.push({ name: piece.name, length, offset });
      bytes += length;
      offset += length;
      if (bytes >= AHEAD_BYTES) {
        yield batch;
        batch = [];
        bytes = 0;
      }
      if (piece.name !== null) break;
    }
  }
  if (batch.length > 0) yield batch;
}

async function fetchBatch(
  connection: Connection,
  hash: HashAlgorithm,
  batch: readonly PlacedPiece[],
): Promise<Buffer[]> {
  const wanted = batch.flatMap(({ name }) => (name === null ? [] : [name]));
  const contents = await fetchContents(connection, hash, "data", wanted);
  let at = 0;
  return batch.map(({ name, length, offset }) => {
    if (name === null) return ZEROS.subarray(0, length);
    const content = contents[at++]!;
    if (content instanceof Error) throw outOfReach(content, { offset, length });
    if (content.length === length) return content;
    throw new DamagedError(`blob ${name.toString("hex")} has ${content.length} bytes where ${length} belong`);
  });
}
