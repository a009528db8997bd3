/** Sets sequences to where the backup has them. */
import type { Session } from "../connect/session.ts";
import type { SequenceState } from "../manifest/manifest.ts";
import { sqlName } from "./script/object-name.ts";

const AT_ONCE = 500;

/**
 * `neverBack`: one that is further already, in its own direction, stays where it is: numbers that were given out must not be
 * given out again. Sequences that are not there are left out. Resolves with how many were set.
 */
export async function setSequences(
  session: Session,
  sequences: readonly SequenceState[],
  neverBack: boolean,
): Promise<number> {
  let count = 0;
  for (let at = 0; at < sequences.length; at += AT_ONCE) {
    const some = sequences.slice(at, at + AT_ONCE);
    const rows = await session.query(neverBack ? FORWARD : EXACT, [
      some.map(sqlName),
      some.map(({ last_value }) => last_value),
      some.map(({ is_called }) => is_called),
    ]);
    count += rows.length;
  }
  return count;
}

const GIVEN = `FROM unnest($1::text[], $2::bigint[], $3::boolean[]) AS given (name, value, called)
  JOIN pg_catalog.pg_sequence AS s ON s.seqrelid = pg_catalog.to_regclass(given.name)::oid`;

const EXACT = `SELECT pg_catalog.setval(s.seqrelid::regclass, given.value, given.called) ${GIVEN}`;

/** pg_sequence_last_value is null for one that was never called, which cannot be further. */
const FORWARD = `SELECT pg_catalog.setval(s.seqrelid::regclass, given.value, given.called) ${GIVEN}
  WHERE (given.value - coalesce(pg_catalog.pg_sequence_last_value(s.seqrelid::regclass), s.seqstart)) * sign(s.seqincrement) >= 0
    OR pg_catalog.pg_sequence_last_value(s.seqrelid::regclass) IS NULL`;
