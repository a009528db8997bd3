/** Loads directories before they are asked for: those below the one that is used come first. */
import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import type { Connection } from "@datadb/client";
import type { HashAlgorithm } from "@datadb/protocol";
import type { DirectoryRef } from "../device/messages.ts";
import { subdirectories } from "../inodes/subdirectories.ts";
import type { BuiltDirectory } from "./directory-loader.ts";
import { fetchDirectories } from "./fetch-directories.ts";

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

/** Who enters a backup is likely to follow a path: so many levels of it. */
const ENTERED_LEVELS = 2;

/** A directory to load, and how many levels from it on. */
interface Waiting {
  directory: DirectoryRef;
  levels: number;
}

export interface AheadSurroundings {
  connection: Connection;
  hash: HashAlgorithm;
  /** Whether the directory is loaded, or about to be. */
  known(directory: DirectoryRef): boolean;
  /** Whether somebody waits for something: that comes first. */
  busy(): boolean;
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

export function createAhead({ connection, hash, known, busy, install }: AheadSurroundings): DirectoriesAhead {
  const unused = new Map<number, number>();
  let waiting: Waiting[] = [];
  let entries = 0;
  let running = false;

  async function letPass(): Promise<void> {
    await turn();
    for (let i = 0; i < MOST_PAUSES && busy(); i++) await delay(1);
  }

  async function load(batch: readonly Waiting[]): Promise<void> {
    const refs = batch.map(({ directory }) => Buffer.from(directory.ref!));
    const found = await fetchDirectories(connection, hash, refs, MOST_NODES);
    const below: Waiting[] = [];
    let inTurn = 0;
    for (const [index, { directory, levels }] of batch.entries()) {
      const metas = found[index]!;
      if (known(directory) || !Array.isArray(metas)) continue;
      const { id, table } = install(directory, metas);
      unused.set(id, table.count + 1);
      entries += table.count + 1;
      if (levels > 1)
        below.push(
          ...loadable(
            subdirectories(id, table, () => false),
            levels - 1,
          ),
        );
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
        await load(waiting.splice(0, BATCH).filter(({ directory }) => !known(directory)));
    } catch {
      // Whoever asks for one of these directories is told what is wrong with it.
      waiting = [];
    } finally {
      running = false;
    }
  }

  /** Comes before what was seen earlier. */
  function first(directories: readonly DirectoryRef[], levels: number): void {
    waiting = [...loadable(directories, levels), ...waiting].slice(0, MOST_WAITING);
    void run();
  }

  return {
    used(id, below) {
      entries -= unused.get(id) ?? 0;
      unused.delete(id);
      first(below, Number.POSITIVE_INFINITY);
    },
    entered: (root) => first([root], ENTERED_LEVELS),
    evicted() {
      unused.clear();
      entries = 0;
    },
  };
}

/** An empty directory needs nothing from the store. */
function loadable(directories: readonly DirectoryRef[], levels: number): Waiting[] {
  return directories.filter(({ ref }) => ref !== null).map((directory) => ({ directory, levels }));
}
