/** What the previous backup of a database had: its tables, their chunks, and the files beside them. */
import { decodeMeta, hashLength, type Meta, readDirectory, readList } from "@datadb/protocol";
import type { Connection, StoreFacts } from "../../connection.ts";
import type { Backup } from "../../list/backup.ts";
import { previousCacheStream } from "../../snapshot/previous-backup.ts";
import { fetchContents } from "../../tree/fetch-contents.ts";
import { MANIFEST_PATH, type PostgresManifest, type TableManifest } from "../manifest/manifest.ts";
import { readManifest } from "../manifest/read-manifest.ts";
import type { PreviousChunks } from "./key-bases.ts";
import { parseMarks } from "./marks.ts";
import { readContent } from "./read-content.ts";

export interface PreviousTables {
  manifest: PostgresManifest | null;
  /** Metas of all files, by path. */
  files: ReadonlyMap<string, Meta>;
  table(path: string): TableManifest | undefined;
  /** The chunks of a table, when their marks are known; null without. */
  chunks(path: string): Promise<PreviousChunks | null>;
}

/** Nothing is known of an earlier backup. */
const NOTHING: PreviousTables = {
  manifest: null,
  files: new Map(),
  table: () => undefined,
  chunks: async () => null,
};

/** What cannot be read costs space and is no error: a backup must be possible then most of all. */
export async function previousTables(
  connection: Connection,
  { hash }: StoreFacts,
  backup: Backup | null,
): Promise<PreviousTables> {
  if (backup === null) return NOTHING;
  const fetch = async (names: readonly Buffer[]): Promise<Buffer[]> =>
    (await fetchContents(connection, hash, "node", names)).map((content) => {
      if (content instanceof Error) throw content;
      return content;
    });
  try {
    const [root] = await fetch([Buffer.from(backup.ref, "hex")]);
    const files = new Map<string, Meta>();
    const walk = async (directory: Buffer | undefined, path: string): Promise<void> => {
      for await (const meta of readDirectory(fetch, hash, directory)) {
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
    const marks = parseMarks(
      cache
        ? await readContent(connection, hash, { ...cache.ref, size: cache.bytes }).catch(() => null)
        : null,
    );
    return {
      manifest,
      files,
      table: (path) => tables.get(path),
      async chunks(path) {
        const known = marks.get(path);
        const meta = files.get(path);
        if (known === undefined || meta === undefined || (!meta.list && !meta.chunk)) return null;
        try {
          const names: Buffer[] = [];
          for await (const { name } of readList(fetch, hash, meta, meta.size))
            if (name !== null) names.push(name);
          if (names.length !== known.length) return null;
          return shared(names, known, hashLength(hash));
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
function shared(names: readonly Buffer[], marks: Uint16Array, nameBytes: number): PreviousChunks {
  const packed = new Uint8Array(new SharedArrayBuffer(names.length * nameBytes));
  for (const [i, name] of names.entries()) packed.set(name, i * nameBytes);
  const copy = new Uint16Array(new SharedArrayBuffer(marks.byteLength));
  copy.set(marks);
  return { names: packed, marks: copy, nameBytes };
}
