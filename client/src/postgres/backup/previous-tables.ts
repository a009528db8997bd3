/** What the previous backup of a database had: its tables, their chunks, and the files beside them. */
import { decodeMeta, hashLength, type Meta, readDirectory, readList } from "@datadb/protocol";
import type { Connection, StoreFacts } from "../../connection.ts";
import type { Backup } from "../../list/backup.ts";
import { isWhole } from "../../snapshot/is-whole.ts";
import { previousCacheStream } from "../../snapshot/previous-backup.ts";
import { fetchContents } from "../../tree/fetch-contents.ts";
import { MANIFEST_PATH, type PostgresManifest, type TableManifest } from "../manifest/manifest.ts";
import { readManifest } from "../manifest/read-manifest.ts";
import { type DirectoryBases, directoryBases } from "./directory-bases.ts";
import type { PreviousChunks } from "./read/key-bases.ts";
import type { TableSums } from "./read/segments.ts";
import { parseTableCaches } from "./read/table-cache.ts";
import { readContent } from "./read-content.ts";

export interface PreviousTables {
  manifest: PostgresManifest | null;
  /** Metas of all files, by path. */
  files: ReadonlyMap<string, Meta>;
  table(path: string): TableManifest | undefined;
  /** What the nodes of its directories are good for. */
  directories: Pick<DirectoryBases, "base">;
  /** The chunks of a table, when their marks are known; null without. */
  chunks(path: string): Promise<PreviousChunks | null>;
  /** The sums of the segments of these chunks; null where they are not known, or rows must be read all the same. */
  sums(path: string): TableSums | null;
}

/** Nothing is known of an earlier backup. */
const NOTHING: PreviousTables = {
  manifest: null,
  files: new Map(),
  table: () => undefined,
  directories: { base: () => undefined },
  chunks: async () => null,
  sums: () => null,
};

/**
 * What cannot be read costs space and is no error: a backup must be possible then most of all. `readAll`: rows are read, whether they have
 * changed or not; so they are when content that an earlier backup refers to may be lost, which is put again then.
 */
export async function previousTables(
  connection: Connection,
  { hash }: StoreFacts,
  backup: Backup | null,
  readAll: boolean,
): Promise<PreviousTables> {
  if (backup === null) return NOTHING;
  const checking = readAll ? Promise.resolve(false) : isWhole(connection).catch(() => false);
  const fetch = async (names: readonly Buffer[]): Promise<Buffer[]> =>
    (await fetchContents(connection, hash, "node", names)).map((content) => {
      if (content instanceof Error) throw content;
      return content;
    });
  try {
    const [root] = await fetch([Buffer.from(backup.ref, "hex")]);
    const files = new Map<string, Meta>();
    const directories = directoryBases(hashLength(hash));
    const walk = async (directory: Buffer | undefined, path: string): Promise<void> => {
      const noted = async (names: readonly Buffer[]): Promise<Buffer[]> => {
        const nodes = await fetch(names);
        for (const [i, name] of names.entries()) directories.note(path, name, nodes[i]!);
        return nodes;
      };
      for await (const meta of readDirectory(noted, hash, directory)) {
        const at = path + meta.name.toString();
        if (meta.type === "directory") await walk(meta.directory, `${at}/`);
        else files.set(at, meta);
      }
    };
    await walk(decodeMeta(root!).directory, "");
    const file = files.get(MANIFEST_PATH);
    const manifest = file ? readManifest(await readContent(connection, hash, file)) : null;
    const tables = new Map(manifest?.tables.map((table) => [table.path, table]));
    const cache = previousCacheStream(backup);
    const isTrusted = await checking;
    const caches = parseTableCaches(
      cache
        ? await readContent(connection, hash, { ...cache.ref, size: cache.bytes }).catch(() => null)
        : null,
    );
    return {
      manifest,
      files,
      table: (path) => tables.get(path),
      directories,
      sums: (path) => (isTrusted && caches.get(path)?.sums) || null,
      async chunks(path) {
        const known = caches.get(path)?.marks;
        const meta = files.get(path);
        if (known === undefined || meta === undefined || (!meta.list && !meta.chunk)) return null;
        try {
          const names: Buffer[] = [];
          const lengths: number[] = [];
          for await (const { name, length } of readList(fetch, hash, meta, meta.size)) {
            if (name === null) continue;
            names.push(name);
            lengths.push(length);
          }
          if (names.length !== known.length) return null;
          return shared(names, lengths, known, hashLength(hash));
        } catch {
          return null;
        }
      },
    };
  } catch {
    return NOTHING;
  }
}

/** In memory that all threads share: a large table is read by several, in many parts. */
function shared(
  names: readonly Buffer[],
  lengths: readonly number[],
  marks: Uint16Array,
  nameBytes: number,
): PreviousChunks {
  const packed = new Uint8Array(new SharedArrayBuffer(names.length * nameBytes));
  for (const [i, name] of names.entries()) packed.set(name, i * nameBytes);
  const copy = new Uint16Array(new SharedArrayBuffer(marks.byteLength));
  copy.set(marks);
  const sizes = new Uint32Array(new SharedArrayBuffer(lengths.length * 4));
  sizes.set(lengths);
  return { names: packed, marks: copy, lengths: sizes, nameBytes };
}
