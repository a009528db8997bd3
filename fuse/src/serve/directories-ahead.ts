/** Loads directories before they are asked for: those below the one that is used come first. */
import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import type { Connection } from "@datadb/client";
import type { HashAlgorithm } from "@datadb/protocol";
import type { DirectoryRef } from "../device/messages.ts";
import { subdirectories } from "../inodes/subdirectories.ts";
import type { BuiltDirectory } from "./directory-loader.ts";
import { fetchDirectories } from "./fetch-directories.ts";
import type { WarmDirectories } from "./warm-directories.ts";

/** Directories whose nodes are fetched with one question. */
const BATCH = 32;
/** A directory with more nodes on a level is loaded when it is asked for: nobody who reads something else shall wait for it. */
const MOST_NODES = 16;
/** Entries after which whoever waits for something is served first. */
const TURN_ENTRIES = 1000;
/** Entries that are loaded and were not asked for yet: more is not loaded ahead. */
const MOST_ENTRIES = 60_000;
/** How often at most it waits a millisecond for those who come first. */
const MOST_PAUSES = 20;
/** Directories that wait; the last of them are dropped. */
const MOST_WAITING = 4096;

/** Who enters a backup is likely to follow a path: so many levels of it, and so many directories of each. */
const ENTERED_LEVELS = 2;
const ENTERED_BESIDE = 16;

export interface AheadSurroundings {
  connection: Connection;
  hash: HashAlgorithm;
  warm: WarmDirectories;
  /** Whether the directory is loaded, or about to be. */
  known(directory: DirectoryRef): boolean;
  /** Whether somebody waits for something: that comes first. */
  busy(): boolean;
  /** Fetches what is needed to read the beginnings of the files with these metas; `letPass` is awaited now and then. Never rejects. */
  fetchFiles(metas: readonly Buffer[], letPass: () => Promise<void>): Promise<void>;
  /** Throws what is wrong with the metas. */
  install(directory: DirectoryRef, metas: readonly Buffer[]): BuiltDirectory;
}

export interface DirectoriesAhead {
  /** The directory with this table was used; `below` are its subdirectories, in order. */
  used(id: number, below: readonly DirectoryRef[]): void;
  /** Somebody enters a backup: its root and what lies directly below it come first. */
  entered(root: DirectoryRef): void;
  /** Some directories had to go: which ones were not used is not known any more. */
  evicted(): void;
}

export function createAhead(surroundings: AheadSurroundings): DirectoriesAhead {
  const { connection, hash, warm, known, busy, fetchFiles, install } = surroundings;
  const unused = new Map<number, number>();
  let waiting: DirectoryRef[] = [];
  let entries = 0;
  let running = false;

  async function letPass(): Promise<void> {
    await turn();
    for (let i = 0; i < MOST_PAUSES && busy(); i++) await delay(1);
  }

  function add(directory: DirectoryRef, metas: readonly Buffer[]): BuiltDirectory {
    const built = install(directory, metas);
    const size = built.table.count + 1;
    unused.set(built.id, size);
    entries += size;
    return built;
  }

  async function load(batch: readonly DirectoryRef[]): Promise<void> {
    const refs = batch.map(({ ref }) => Buffer.from(ref!));
    const found = await fetchDirectories(connection, hash, refs, MOST_NODES);
    const below: DirectoryRef[] = [];
    let inTurn = 0;
    for (const [index, directory] of batch.entries()) {
      const metas = found[index]!;
      if (known(directory) || !Array.isArray(metas)) continue;
      const { id, table } = add(directory, metas);
      below.push(...loadable(subdirectories(id, table, () => false)));
      inTurn += table.count;
      if (inTurn < TURN_ENTRIES) continue;
      await letPass();
      inTurn = 0;
    }
    waiting = [...waiting, ...below].slice(0, MOST_WAITING);
  }

  async function run(): Promise<void> {
    if (running) return;
    running = true;
    try {
      for (await letPass(); waiting.length > 0 && entries < MOST_ENTRIES; await letPass())
        await load(waiting.splice(0, BATCH).filter((directory) => !known(directory)));
    } catch {
      // Whoever asks for one of these directories is told what is wrong with it.
      waiting = [];
    } finally {
      running = false;
    }
  }

  /** Each by itself and all at once: a short one is there at once, however long those beside it are. */
  async function enter(directory: DirectoryRef, levels: number): Promise<void> {
    if (directory.ref === null || known(directory)) return;
    const here = warm.metasOf(directory.ref);
    const ref = Buffer.from(directory.ref);
    const metas = here ?? (await fetchDirectories(connection, hash, [ref], MOST_NODES))[0];
    if (known(directory) || !Array.isArray(metas)) return;
    const { id, table } = add(directory, metas);
    const below = levels > 1 ? subdirectories(id, table, () => false).slice(0, ENTERED_BESIDE) : [];
    const entering = below.map((one) => enter(one, levels - 1));
    // Who follows a path reads a file at its end; who looks at everything reads none, mostly.
    await Promise.all(here === undefined ? [...entering, fetchFiles(metas, letPass)] : entering);
  }

  return {
    used(id, below) {
      entries -= unused.get(id) ?? 0;
      unused.delete(id);
      // Before what was seen earlier.
      waiting = [...loadable(below), ...waiting].slice(0, MOST_WAITING);
      void run();
    },
    entered(root) {
      // Whoever asks for one of these directories is told what is wrong with it.
      enter(root, ENTERED_LEVELS).catch(() => undefined);
    },
    evicted() {
      unused.clear();
      entries = 0;
    },
  };
}

/** An empty directory needs nothing from the store. */
function loadable(directories: readonly DirectoryRef[]): DirectoryRef[] {
  return directories.filter(({ ref }) => ref !== null);
}
