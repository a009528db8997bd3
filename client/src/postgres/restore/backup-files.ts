/** The files of a database's backup: read by path, nothing else is fetched. */
import { DamagedError, type HashAlgorithm, type Meta, NotFoundError, UsageError } from "@datadb/protocol";
import { type ContentPiece, takeAll } from "../../cat/content-piece.ts";
import { readContent, readPieces } from "../../cat/read-content.ts";
import type { Connection } from "../../connection.ts";
import { findEntry } from "../../tree/find-entry.ts";
import { type NodeCache, nodeCache } from "../../tree/node-cache.ts";
import {
  LARGE_OBJECTS_DIRECTORY,
  LARGE_OBJECTS_PATH,
  type LargeObject,
  MANIFEST_PATH,
  POST_DATA_PATH,
  type PostgresManifest,
  PRE_DATA_PATH,
  SEQUENCES_PATH,
  type SequenceState,
} from "../manifest/manifest.ts";
import { readLargeObjects, readManifest, readSequences } from "../manifest/read-manifest.ts";

export interface BackupFiles {
  manifest: PostgresManifest;
  sequences: SequenceState[];
  largeObjects: LargeObject[];
  /** Scripts of definitions; empty where the backup has rows only. */
  preData: string;
  postData: string;
  /** Verified pieces of a file; none for one that is absent. */
  content(path: string): AsyncGenerator<ContentPiece>;
  /** Of one large object. */
  largeObject(oid: number): AsyncGenerator<Buffer>;
}

/** Larger than any schema: a file that is read whole must not fill the memory. */
const MAX_SCRIPT_BYTES = 1 << 30;

/** Throws USAGE when this is no backup of a PostgreSQL database, DAMAGED for files that are not what they should be. */
export async function openBackupFiles(connection: Connection, backup: { ref: string }): Promise<BackupFiles> {
  const { hash } = await connection.facts();
  const nodes = nodeCache(connection, hash);
  const files: Files = { connection, hash, nodes, ref: backup.ref };
  const [manifestBytes, sequences, preData, postData] = await Promise.all([
    whole(files, MANIFEST_PATH),
    whole(files, SEQUENCES_PATH),
    whole(files, PRE_DATA_PATH),
    whole(files, POST_DATA_PATH),
  ]);
  if (manifestBytes === null) {
    throw new UsageError(
      "this is no backup of a PostgreSQL database: it has no manifest.json",
      "give a directory as destination",
    );
  }
  const manifest = readManifest(manifestBytes);
  const objects = manifest.largeObjects > 0 ? await whole(files, LARGE_OBJECTS_PATH) : null;
  return {
    manifest,
    sequences: sequences === null ? [] : readSequences(sequences),
    largeObjects: objects === null ? [] : readLargeObjects(objects),
    preData: textOf(preData, PRE_DATA_PATH),
    postData: textOf(postData, POST_DATA_PATH),
    content: (path) => contentOf(files, path),
    largeObject: (oid) => takeAll(contentOf(files, `${LARGE_OBJECTS_DIRECTORY}/${oid}`)),
  };
}

interface Files {
  connection: Connection;
  hash: HashAlgorithm;
  nodes: NodeCache;
  ref: string;
}

async function find(files: Files, path: string): Promise<Meta | null> {
  try {
    return await findEntry(files.nodes.fetch, files.hash, files.ref, path);
  } catch (error) {
    if (error instanceof NotFoundError) return null;
    throw error;
  }
}

async function* contentOf(files: Files, path: string): AsyncGenerator<ContentPiece> {
  const meta = await find(files, path);
  if (meta === null) return;
  if (meta.type !== "file") throw new DamagedError(`${path} in the backup is a ${meta.type}`);
  yield* readPieces(files.connection, files.hash, files.nodes, meta);
}

async function whole(files: Files, path: string): Promise<Buffer | null> {
  const meta = await find(files, path);
  if (meta === null || meta.type !== "file") return null;
  if (meta.size > MAX_SCRIPT_BYTES) throw new DamagedError(`${path} in the backup has ${meta.size} bytes`);
  const parts: Buffer[] = [];
  for await (const part of readContent(files.connection, files.hash, files.nodes, meta)) parts.push(part);
  return Buffer.concat(parts);
}

/** A database without an encoding may have any bytes in its definitions. */
function textOf(bytes: Buffer | null, path: string): string {
  if (bytes === null) return "";
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UsageError(
      `${path} in the backup is not UTF-8: the database was SQL_ASCII with names or texts of another encoding`,
      "restore the backup to a directory and load it with psql",
    );
  }
}
