/** What became of the rows of a table from one backup to another: counted from the chunks that differ. */
import { type HashAlgorithm, readList, type StreamRef } from "@datadb/protocol";
import type { Connection } from "../../connection.ts";
import { fetchContents } from "../../tree/fetch-contents.ts";
import { fieldsOf, rowsOf } from "./chunk-rows.ts";

export interface RowChanges {
  inserted: number;
  updated: number;
  deleted: number;
}

export interface TableVersion {
  ref: StreamRef;
  bytes: number;
}

/** Chunks of one side that are fetched together. */
const AT_ONCE = 16;
/** Rows without a counterpart that are held; of more, the oldest are taken for what they seem to be. */
const MOST_HELD = 1 << 20;

/**
 * `fields`: indexes of the key's fields; null without key: a changed row is then one deleted and one inserted. Rows must be in the text format,
 * and in the same order on both sides. Throws what reading throws.
 */
export async function rowChanges(
  connection: Connection,
  hash: HashAlgorithm,
  before: TableVersion,
  after: TableVersion,
  fields: readonly number[] | null,
): Promise<RowChanges> {
  const [older, newer] = await Promise.all(
    [before, after].map((version) => chunkNames(connection, hash, version)),
  );
  const inOlder = new Set(older!.map(latin1));
  const inNewer = new Set(newer!.map(latin1));
  const gone = chunks(
    connection,
    hash,
    older!.filter((name) => !inNewer.has(latin1(name))),
  );
  const come = chunks(
    connection,
    hash,
    newer!.filter((name) => !inOlder.has(latin1(name))),
  );
  const matcher = new RowMatcher(fields);
  for (;;) {
    const [old, fresh] = await Promise.all([gone.next(), come.next()]);
    if (!old.done) for (const row of old.value) matcher.gone(row);
    if (!fresh.done) for (const row of fresh.value) matcher.come(row);
    if (old.done && fresh.done) return matcher.finish();
  }
}

/** A row without a counterpart yet; without a key the same row may be there several times. */
interface Held {
  row: string;
  count: number;
}

class RowMatcher {
  private readonly fields: readonly number[] | null;
  private readonly old = new Map<string, Held>();
  private readonly fresh = new Map<string, Held>();
  private readonly counts: RowChanges = { inserted: 0, updated: 0, deleted: 0 };

  constructor(fields: readonly number[] | null) {
    this.fields = fields;
  }

  gone(row: string): void {
    this.counts.deleted += this.match(row, this.fresh, this.old);
  }

  come(row: string): void {
    this.counts.inserted += this.match(row, this.old, this.fresh);
  }

  finish(): RowChanges {
    for (const { count } of this.old.values()) this.counts.deleted += count;
    for (const { count } of this.fresh.values()) this.counts.inserted += count;
    return this.counts;
  }

  /** How many rows of the same side had to be given up for this one. */
  private match(row: string, others: Map<string, Held>, own: Map<string, Held>): number {
    const key = this.fields === null ? row : fieldsOf(row, this.fields);
    const other = others.get(key);
    if (other !== undefined) {
      if (--other.count === 0) others.delete(key);
      if (other.row !== row) this.counts.updated++;
      return 0;
    }
    const held = own.get(key);
    if (held === undefined) own.set(key, { row, count: 1 });
    else held.count++;
    if (own.size <= MOST_HELD) return 0;
    const [oldest, { count }] = own.entries().next().value!;
    own.delete(oldest);
    return count;
  }
}

async function chunkNames(
  connection: Connection,
  hash: HashAlgorithm,
  { ref, bytes }: TableVersion,
): Promise<Buffer[]> {
  const nodes = async (names: readonly Buffer[]): Promise<Buffer[]> =>
    contentsOf(connection, hash, "node", names);
  const found: Buffer[] = [];
  for await (const { name } of readList(nodes, hash, ref, bytes)) if (name !== null) found.push(name);
  return found;
}

/** The rows of some chunks, in order, a few chunks at a time. */
async function* chunks(
  connection: Connection,
  hash: HashAlgorithm,
  names: readonly Buffer[],
): AsyncGenerator<string[]> {
  let rest = "";
  for (let from = 0; from < names.length; from += AT_ONCE) {
    const contents = await contentsOf(connection, hash, "data", names.slice(from, from + AT_ONCE));
    const { rows, left } = rowsOf(rest + contents.map((content) => content.toString("latin1")).join(""));
    rest = left;
    yield rows;
  }
  if (rest !== "") yield [rest];
}

async function contentsOf(
  connection: Connection,
  hash: HashAlgorithm,
  kind: "data" | "node",
  names: readonly Buffer[],
): Promise<Buffer[]> {
  return (await fetchContents(connection, hash, kind, names)).map((content) => {
    if (content instanceof Error) throw content;
    return content;
  });
}

function latin1(name: Buffer): string {
  return name.toString("latin1");
}
