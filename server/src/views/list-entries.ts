/** A list node as a list: the index is the offset at which a chunk ends, the value its name in hex, empty for a hole. */
import { decodeListInner, decodeListLeaf, formatHex, hashLength, nodeType, readList } from "@datadb/protocol";
import type { ListRange } from "../keyspace/index.ts";
import type { ServerState } from "../session/server-state.ts";
import { fetchNodes } from "./fetch-nodes.ts";

/** The bytes and entries that a list covers, from its root node alone. */
export async function listTotals(
  server: ServerState,
  list: Buffer,
): Promise<{ bytes: number; entries: number }> {
  const [root] = await fetchNodes(server)([list]);
  const n = hashLength(server.database.info.hash);
  const parts =
    nodeType(root!) === "list-leaf"
      ? decodeListLeaf(root!, n).map(({ length }) => ({ bytes: length, entries: 1 }))
      : decodeListInner(root!, n).children;
  return parts.reduce(
    (sum, part) => ({ bytes: sum.bytes + part.bytes, entries: sum.entries + part.entries }),
    { bytes: 0, entries: 0 },
  );
}

/** Entries within a range of indexes, as listRange gives those of a key. */
export async function listEntries(
  server: ServerState,
  list: Buffer,
  range: ListRange,
): Promise<[bigint, Buffer][]> {
  const { from = 0n, to, reverse, limit } = range;
  const { bytes } = await listTotals(server, list);
  const found: [bigint, Buffer][] = [];
  if (from > BigInt(bytes)) return found;
  // The entry that ends at `from` covers the byte before it.
  const start = from === 0n ? 0 : Number(from) - 1;
  for await (const { name, offset, length } of readList(
    fetchNodes(server),
    server.database.info.hash,
    { list },
    bytes,
    { from: start },
  )) {
    const index = BigInt(offset + length);
    if (index < from) continue;
    if (to !== undefined && index > to) break;
    found.push([index, Buffer.from(name === null ? "" : formatHex(name))]);
    if (reverse !== true && found.length === limit) break;
  }
  if (reverse === true) found.reverse();
  return limit === undefined ? found : found.slice(0, limit);
}
