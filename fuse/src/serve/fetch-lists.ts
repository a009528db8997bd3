/** Fetches the beginnings of the lists of large files that somebody is likely to open: the first read then waits for content alone. */
import { decodeMeta, type FetchNodes, type HashAlgorithm, readList } from "@datadb/protocol";

/** Entries of a directory that are looked at, large files among them whose lists are fetched, and how many at once. */
const ENTRIES = 1024;
const FILES = 64;
const AT_ONCE = 8;

/** `letPass` is awaited between files. Rejects when a node is missing or damaged, or the store cannot be reached: nobody need know. */
export async function fetchLists(
  fetch: FetchNodes,
  hash: HashAlgorithm,
  metas: readonly Buffer[],
  letPass: () => Promise<void>,
): Promise<void> {
  const large = metas
    .slice(0, ENTRIES)
    .map(decodeMeta)
    .filter(({ list }) => list !== undefined)
    .slice(0, FILES);
  for (let at = 0; at < large.length; at += AT_ONCE) {
    if (at > 0) await letPass();
    const some = large.slice(at, at + AT_ONCE);
    await Promise.all(some.map((meta) => readList(fetch, hash, meta, meta.size, { first: 1 }).next()));
  }
}
