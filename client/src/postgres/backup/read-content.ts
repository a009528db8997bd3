/** Reads a small file of a backup whole. */
import { type HashAlgorithm, type Meta, readList } from "@datadb/protocol";
import type { Connection } from "../../connection.ts";
import { fetchContents } from "../../tree/fetch-contents.ts";

/** Throws what reading throws: NOT_FOUND, DAMAGED, HASH_MISMATCH. */
export async function readContent(
  connection: Connection,
  hash: HashAlgorithm,
  meta: Pick<Meta, "chunk" | "list" | "size">,
): Promise<Buffer> {
  const fetch = async (kind: "data" | "node", names: readonly Buffer[]): Promise<Buffer[]> =>
    (await fetchContents(connection, hash, kind, names)).map((content) => {
      if (content instanceof Error) throw content;
      return content;
    });
  if (meta.chunk) return (await fetch("data", [meta.chunk]))[0]!;
  const pieces: Buffer[] = [];
  const nodes = (names: readonly Buffer[]): Promise<Buffer[]> => fetch("node", names);
  for await (const { name, length } of readList(nodes, hash, meta, meta.size))
    pieces.push(name === null ? Buffer.alloc(length) : (await fetch("data", [name]))[0]!);
  return Buffer.concat(pieces);
}
