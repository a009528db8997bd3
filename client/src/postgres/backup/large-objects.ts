/** Reads large objects in the snapshot, a few ahead of the one that is stored. */
import type { LargeObjectFacts } from "../catalogue/relations.ts";
import type { Session } from "../connect/session.ts";

/** Bytes of one question. */
const PIECE_BYTES = 1 << 20;
/** Objects whose beginning is asked for in one query: most are small. */
const AT_ONCE = 16;

/** Each object in order, with its content piece by piece; it must be read to its end before the next. */
export async function* readLargeObjects(
  session: Session,
  objects: readonly LargeObjectFacts[],
): AsyncGenerator<{ object: LargeObjectFacts; pieces: AsyncIterable<Buffer> }> {
  let ahead = objects.length > 0 ? begin(session, objects.slice(0, AT_ONCE)) : null;
  for (let from = 0; from < objects.length; from += AT_ONCE) {
    const beginnings = await ahead!;
    const following = objects.slice(from + AT_ONCE, from + 2 * AT_ONCE);
    ahead = following.length > 0 ? begin(session, following) : null;
    ahead?.catch(() => {}); // reported when its turn comes
    for (const object of objects.slice(from, from + AT_ONCE))
      yield { object, pieces: piecesOf(session, object.oid, beginnings.get(object.oid)!) };
  }
}

async function begin(session: Session, objects: readonly LargeObjectFacts[]): Promise<Map<number, Buffer>> {
  const rows = await session.query<{ oid: number; piece: Buffer }>(
    `SELECT o::int8::float8 AS oid, pg_catalog.lo_get(o, 0, ${PIECE_BYTES}) AS piece FROM pg_catalog.unnest($1::oid[]) AS o`,
    [objects.map(({ oid }) => oid)],
  );
  return new Map(rows.map(({ oid, piece }) => [oid, piece]));
}

async function* piecesOf(session: Session, oid: number, beginning: Buffer): AsyncGenerator<Buffer> {
  let offset = 0;
  for (let piece = beginning; piece.length > 0; ) {
    yield piece;
    offset += piece.length;
    if (piece.length < PIECE_BYTES) return;
    const [row] = await session.query<{ piece: Buffer }>(
      `SELECT pg_catalog.lo_get($1::float8::int8::oid, $2::float8::int8, ${PIECE_BYTES}) AS piece`,
      [oid, offset],
    );
    piece = row!.piece;
  }
}
