/** Reads a little of the newest backup before anybody asks: what is done for the first time takes many times as long. */
import { type Connection, fetchContents } from "@datadb/client";
import { decodeMeta, type FetchNodes, type HashAlgorithm, type Meta } from "@datadb/protocol";
import { type FileSurroundings, openFile } from "../content/open-file.ts";
import { buildTable } from "../inodes/directory-table.ts";
import { fetchDirectories } from "./fetch-directories.ts";

/** Reads of the file, at distances, each of so many bytes. */
const TIMES = 40;
const BYTES = 64 * 1024;
const DEEPEST = 4;
/** Directories of more nodes on a level are not worth it. */
const MOST_NODES = 64;

/** Rejects when something cannot be read; nobody need know. */
export async function warmUp(
  connection: Connection,
  hash: HashAlgorithm,
  root: Meta,
  files: FileSurroundings,
): Promise<void> {
  let meta: Meta | undefined = root;
  for (let depth = 0; depth < DEEPEST && meta?.directory !== undefined; depth++) {
    const [metas] = await fetchDirectories(connection, hash, [meta.directory], MOST_NODES);
    if (!Array.isArray(metas)) return;
    const inode = { low: 1, high: 0 };
    buildTable(metas, inode, inode);
    const entries = metas.map(decodeMeta);
    meta =
      entries.find(({ list }) => list !== undefined) ??
      entries.find(({ type }) => type === "directory") ??
      entries[0];
  }
  if (meta?.type !== "file") return;
  // Not from the cache of nodes: what reads them shall be warm, too.
  const fetch: FetchNodes = async (names) => {
    const contents = await fetchContents(connection, hash, "node", names);
    for (const content of contents) if (content instanceof Error) throw content;
    return contents as Buffer[];
  };
  for (let time = 0; time < TIMES; time++)
    await openFile({ ...files, fetch }, meta).read(
      Math.floor((meta.size / TIMES) * time),
      BYTES,
      () => undefined,
    );
}
