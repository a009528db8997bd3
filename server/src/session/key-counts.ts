/** The number of keys in each database, for INFO: counting reads all keys, so a count is kept for a while. */
import type { Database } from "../database.ts";
import { countKeys } from "../keyspace/index.ts";

/** A count is used again for at least this long, */
const LEAST_AGE_MS = 1000;
/** and for this many times as long as it took. */
const AGE_PER_COST = 100;

/** Answers counts by database name, `0` first; names that would break a line of INFO have `?` for the characters. */
export function keyCounter(database: Database): () => Promise<Map<string, number>> {
  let counted: Promise<Map<string, number>> | undefined;
  let sequence = -1;
  let validUntil = 0;
  return () => {
    const head = database.commits.head().sequence;
    if (counted !== undefined && (head === sequence || Date.now() < validUntil)) return counted;
    sequence = head;
    const start = Date.now();
    validUntil = Number.POSITIVE_INFINITY;
    const counting = count(database).finally(() => {
      validUntil = Date.now() + Math.max(LEAST_AGE_MS, AGE_PER_COST * (Date.now() - start));
    });
    counting.catch(() => {
      if (counted === counting) counted = undefined;
    });
    counted = counting;
    return counting;
  };
}

async function count({ keyspace }: Database): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const name of await keyspace.databases()) {
    counts.set(name.toString("latin1").replace(/[^!-~]|[:=,]/g, "?"), await countKeys(keyspace, name));
  }
  return counts;
}
