/** What became of the rows of a table from one backup to another: counted from the chunks that differ. */
import { type HashAlgorithm, readList, type StreamRef } from "@datadb/protocol";
import type { Connection } from "../../connection.ts";
import type { KnownContents } from "../../tree/fetch-chains.ts";
import { fetchContents } from "../../tree/fetch-contents.ts";
import { alignRows } from "./align-rows.ts";
import { type RowChanges, RowMatcher } from "./row-matcher.ts";
import { RowText } from "./row-text.ts";

export interface TableVersion {
  ref: StreamRef;
  bytes: number;
}

/** Chunks of one side that are fetched together. */
const AT_ONCE = 16;
/** Chunks that are held once decoded. */
const MOST_RECENT = 4 * AT_ONCE;

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
  const recent = recentContents();
  const gone = new RowText(chunks(connection, hash, missingIn(newer!, older!), recent));
  const come = new RowText(chunks(connection, hash, missingIn(older!, newer!), recent));
  const matcher = new RowMatcher(fields);
  await alignRows(gone, come, fields, matcher);
  return matcher.finish();
}

/** Those of `names` that `others` does not have, or not as often. */
function missingIn(others: readonly Buffer[], names: readonly Buffer[]): Buffer[] {
  const left = new Map<string, number>();
  for (const other of others) left.set(latin1(other), (left.get(latin1(other)) ?? 0) + 1);
  return names.filter((name) => {
    const count = left.get(latin1(name)) ?? 0;
    left.set(latin1(name), count - 1);
    return count <= 0;
  });
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

/** The text of some chunks, in order, a few chunks at a time. */
async function* chunks(
  connection: Connection,
  hash: HashAlgorithm,
  names: readonly Buffer[],
  recent: RecentContents,
): AsyncGenerator<Buffer[]> {
  for (let from = 0; from < names.length; from += AT_ONCE) {
    const asked = names.slice(from, from + AT_ONCE);
    const contents = await contentsOf(connection, hash, "data", asked, recent.get);
    contents.forEach((content, i) => {
      recent.add(asked[i]!, content);
    });
    yield contents;
  }
}

interface RecentContents {
  get: KnownContents;
  add(name: Buffer, content: Buffer): void;
}

/** What was decoded last: a chunk is mostly encoded against the one that it takes the place of, or against the same as that. */
function recentContents(): RecentContents {
  const contents = new Map<string, Buffer>();
  return {
    get: (name) => contents.get(latin1(name)),
    add(name, content) {
      contents.set(latin1(name), content);
      if (contents.size > MOST_RECENT) contents.delete(contents.keys().next().value!);
    },
  };
}

async function contentsOf(
  connection: Connection,
  hash: HashAlgorithm,
  kind: "data" | "node",
  names: readonly Buffer[],
  known?: KnownContents,
): Promise<Buffer[]> {
  return (await fetchContents(connection, hash, kind, names, known)).map((content) => {
    if (content instanceof Error) throw content;
    return content;
  });
}

function latin1(name: Buffer): string {
  return name.toString("latin1");
}
