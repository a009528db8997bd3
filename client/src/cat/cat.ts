/** Streams what is at a path of a backup: a file's bytes, a directory as a tar archive. */
import { type HashAlgorithm, type Meta, readDirectory, UsageError } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import { holdBackups } from "../lease/hold-backup.ts";
import { findEntry } from "../tree/find-entry.ts";
import { type NodeCache, nodeCache } from "../tree/node-cache.ts";
import { readContent } from "./read-content.ts";
import { padding, tarEnd, tarHeader } from "./tar-header.ts";

export interface CatOptions {
  /** Told of entries that a tar archive cannot hold (sockets). */
  onSkipped?: (path: Buffer) => void;
  signal?: AbortSignal;
}

/**
 * @throws NotFoundError when there is no such path; UsageError for what has no content (a symlink, a device);
 * DamagedError when a blob is missing or wrong: what came before it is right.
 * @example
 * for await (const bytes of cat(connection, backup, "etc/hosts")) process.stdout.write(bytes);
 */
export async function* cat(
  connection: Connection,
  backup: { ref: string; id?: string },
  path: string | Buffer = "",
  options: CatOptions = {},
): AsyncGenerator<Buffer> {
  const endHold = await holdBackups(connection, [backup]);
  try {
    yield* contentOf(connection, backup, path, options);
  } finally {
    await endHold();
  }
}

async function* contentOf(
  connection: Connection,
  backup: { ref: string },
  path: string | Buffer,
  options: CatOptions,
): AsyncGenerator<Buffer> {
  const { hash } = await connection.facts();
  const nodes = nodeCache(connection, hash);
  const meta = await findEntry(nodes.fetch, hash, backup.ref, path);
  const source: Source = { connection, hash, nodes, options, links: new Map() };
  if (meta.type === "file") yield* readContent(connection, hash, nodes, meta);
  else if (meta.type !== "directory")
    throw new UsageError(
      `'${path}' is a ${meta.type}, which has no content`,
      "datadb restore makes it anew; datadb ls shows it",
    );
  else {
    yield* archive(source, meta, Buffer.alloc(0));
    yield tarEnd();
  }
}

interface Source {
  connection: Connection;
  hash: HashAlgorithm;
  nodes: NodeCache;
  options: CatOptions;
  /** Where in the archive the first name of each hard-linked file is. */
  links: Map<string, Buffer>;
}

async function* archive(source: Source, directory: Meta, prefix: Buffer): AsyncGenerator<Buffer> {
  for await (const meta of readDirectory(source.nodes.fetch, source.hash, directory.directory ?? null)) {
    source.options.signal?.throwIfAborted();
    const path = Buffer.concat([prefix, meta.name]);
    yield* entry(source, meta, path);
    if (meta.type === "directory") yield* archive(source, meta, Buffer.concat([path, Buffer.from("/")]));
  }
}

async function* entry(source: Source, meta: Meta, path: Buffer): AsyncGenerator<Buffer> {
  const linkTo = firstName(source, meta, path);
  const shown = meta.type === "directory" ? Buffer.concat([path, Buffer.from("/")]) : path;
  const header = tarHeader({ path: shown, meta, linkTo });
  if (header === null) {
    source.options.onSkipped?.(path);
    return;
  }
  yield header;
  if (meta.type !== "file" || linkTo !== undefined) return;
  yield* readContent(source.connection, source.hash, source.nodes, meta);
  yield padding(meta.size);
}

function firstName({ links }: Source, meta: Meta, path: Buffer): Buffer | undefined {
  if (meta.link === undefined) return undefined;
  const key = meta.link.toString("latin1");
  const first = links.get(key);
  if (first === undefined) links.set(key, path);
  return first;
}
