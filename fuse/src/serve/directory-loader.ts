/** Loads directories of backups for the receiver, and those that are likely to be asked for next. */
import type { Connection } from "@datadb/client";
import { DamagedError, type FetchNodes, type HashAlgorithm, metaName } from "@datadb/protocol";
import type { DirectoryRef, ServerMessage } from "../device/messages.ts";
import { buildTable, type DirectoryTable, isShowable, MAX_ENTRIES } from "../inodes/directory-table.ts";
import { subdirectories } from "../inodes/subdirectories.ts";
import { createAhead } from "./directories-ahead.ts";
import { fetchDirectories } from "./fetch-directories.ts";
import { fetchLists } from "./fetch-lists.ts";
import type { WarmDirectories } from "./warm-directories.ts";

/** A directory that the receiver has or is about to get. */
export interface BuiltDirectory {
  id: number;
  table: DirectoryTable;
}

export interface DirectoryLoader {
  /** Rejects when a node is missing or damaged, or the store cannot be reached. */
  load(directory: DirectoryRef): Promise<BuiltDirectory>;
  /** See DirectoriesAhead. */
  entered(root: DirectoryRef): void;
  /** The entries of a directory were asked for, which the receiver did not have then. */
  listed(built: BuiltDirectory): void;
  /** The receiver used a directory; `below` are its subdirectories, in order. */
  used(id: number, below: readonly DirectoryRef[]): void;
  /** The receiver has taken a table, and dropped those of the nodes that are `gone`. */
  installed(id: number, gone: readonly number[]): void;
}

export interface LoaderSurroundings {
  connection: Connection;
  hash: HashAlgorithm;
  /** Whether a request waits for the store. */
  busy(): boolean;
  /** Nodes that are fetched with it are there when a file is read. */
  fetch: FetchNodes;
  warm: WarmDirectories;
  post(message: ServerMessage): void;
  problem(text: string): void;
}

export function createDirectoryLoader(surroundings: LoaderSurroundings): DirectoryLoader {
  const { connection, hash, busy, fetch, warm, post, problem } = surroundings;
  const unconfirmed = new Map<number, BuiltDirectory>();
  const nodesById = new Map<number, number>();
  const loading = new Map<number, Promise<BuiltDirectory>>();
  const present = new Set<number>();
  let nextId = 1;

  function install(directory: DirectoryRef, metas: readonly Buffer[]): BuiltDirectory {
    const table = buildTable(showable(metas, problem), directory.inode, directory.linkBase);
    const built = { id: nextId++, table };
    unconfirmed.set(directory.node, built);
    nodesById.set(built.id, directory.node);
    present.add(directory.node);
    post({ kind: "install", id: built.id, node: directory.node, memory: table.memory });
    return built;
  }

  async function start(directory: DirectoryRef): Promise<BuiltDirectory> {
    if (directory.ref === null) return install(directory, []);
    const here = warm.metasOf(directory.ref);
    if (here !== undefined) return install(directory, here);
    const [metas] = await fetchDirectories(connection, hash, [Buffer.from(directory.ref)]);
    if (!Array.isArray(metas)) throw metas;
    return install(directory, metas);
  }

  const ahead = createAhead({
    connection,
    hash,
    warm,
    known: ({ node }) => present.has(node) || loading.has(node),
    busy,
    fetchFiles: (metas, letPass) => fetchLists(fetch, hash, metas, letPass).catch(() => undefined),
    install,
  });

  return {
    async load(directory) {
      const built = unconfirmed.get(directory.node);
      if (built !== undefined) return built;
      const under = loading.get(directory.node);
      if (under !== undefined) return await under;
      const started = start(directory);
      loading.set(directory.node, started);
      try {
        return await started;
      } finally {
        loading.delete(directory.node);
      }
    },
    listed: ({ id, table }) =>
      ahead.used(
        id,
        subdirectories(id, table, () => false),
      ),
    entered: ahead.entered,
    used: ahead.used,
    installed(id, gone) {
      const node = nodesById.get(id);
      nodesById.delete(id);
      if (node !== undefined) unconfirmed.delete(node);
      for (const one of gone) present.delete(one);
      if (gone.length > 0) ahead.evicted();
    },
  };
}

/** In order of name, which damage or a hostile client may have broken, and without names that cannot be shown. */
function showable(metas: readonly Buffer[], problem: (text: string) => void): readonly Buffer[] {
  let all = true;
  let last: Buffer | null = null;
  for (const meta of metas) {
    const name = metaName(meta);
    if (last !== null && Buffer.compare(last, name) >= 0)
      throw new DamagedError(`a directory has '${name.toString()}' behind '${last.toString()}'`);
    last = name;
    if (!isShowable(name)) {
      all = false;
      problem(`the name ${JSON.stringify(name.toString())} cannot be shown in a file system: left out`);
    }
  }
  if (metas.length > MAX_ENTRIES)
    throw new DamagedError(`a directory has ${metas.length} entries, and ${MAX_ENTRIES} can be shown`);
  return all ? metas : metas.filter((meta) => isShowable(metaName(meta)));
}
