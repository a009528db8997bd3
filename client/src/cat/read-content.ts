/** Streams the verified content of one file, fetched a few MiB ahead. */
import { DamagedError, type HashAlgorithm, type Meta, readList } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import { outOfReach } from "../restore/out-of-reach.ts";
import { fetchChains, type RecordChain } from "../tree/fetch-chains.ts";
import { contentOf } from "../tree/fetch-contents.ts";
import { fetchRecords } from "../tree/fetch-records.ts";
import type { NodeCache } from "../tree/node-cache.ts";
import { type ContentPiece, pieceOf, takeAll } from "./content-piece.ts";

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
export function readContent(
  connection: Connection,
  hash: HashAlgorithm,
  nodes: NodeCache,
  meta: Meta,
): AsyncGenerator<Buffer> {
  return takeAll(readPieces(connection, hash, nodes, meta));
}

/** The same, decoded by whoever uses it. */
export async function* readPieces(
  connection: Connection,
  hash: HashAlgorithm,
  nodes: NodeCache,
  meta: Meta,
): AsyncGenerator<ContentPiece> {
  let before: Promise<ContentPiece[]> | null = null;
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
): Promise<ContentPiece[]> {
  const wanted = batch.flatMap(({ name }) => (name === null ? [] : [name]));
  const records = await fetchRecords(connection, "data", wanted);
  const chains = await fetchChains(connection, "data", wanted, records);
  let at = 0;
  return batch.map((piece) =>
    piece.name === null
      ? pieceOf(ZEROS.subarray(0, piece.length))
      : { length: piece.length, take: taker(hash, piece, chains[at++]!) },
  );
}

function taker(
  hash: HashAlgorithm,
  { name, length, offset }: PlacedPiece,
  chain: RecordChain,
): ContentPiece["take"] {
  return (into) => {
    const content = contentOf(hash, chain, into);
    if (content instanceof Error) throw outOfReach(content, { offset, length });
    if (content.length === length) return content;
    throw new DamagedError(
      `blob ${name!.toString("hex")} has ${content.length} bytes where ${length} belong`,
    );
  };
}
