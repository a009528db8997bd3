/** Walks the backed-up tree, directories before what is in them, and finishes them after it. */
import { type Meta, readDirectory } from "@datadb/protocol";
import type { Directory } from "./directory.ts";
import { finishDirectory } from "./finish-directory.ts";
import { type HardLinks, hardLinks } from "./hard-links.ts";
import { restoreEntry } from "./restore-entry.ts";
import type { Run } from "./run.ts";

/** Entries that are read ahead, so that the nodes of the directories among them are fetched together. */
const AHEAD = 1024;

interface Level {
  directory: Directory;
  ahead: Meta[];
  entries: AsyncGenerator<Meta>;
  ended: boolean;
}

/** Fills `root` with the entries, and waits until everything below is complete. */
export async function restoreTree(run: Run, root: Directory, entries: AsyncGenerator<Meta>): Promise<void> {
  const links = hardLinks(run.handles, run.options.overwrite === true);
  const stack: Level[] = [{ directory: root, ahead: [], entries, ended: false }];
  while (stack.length > 0) {
    run.tally.check();
    const level = stack.at(-1)!;
    const below = await advance(run, links, level);
    if (below !== null) stack.push(below);
    else if (level.ended && level.ahead.length === 0) {
      stack.pop();
      run.finished(level.directory);
    }
  }
  await run.batches.settle();
  run.tally.check();
}

/** Restores entries up to the next directory, and returns that as the next level; null at the end of what was read. */
async function advance(run: Run, links: HardLinks, level: Level): Promise<Level | null> {
  if (level.ahead.length === 0 && !level.ended) await readAhead(run, level);
  for (let at = 0; at < level.ahead.length; at++) {
    const meta = level.ahead[at]!;
    const directory = await restoreEntry(run, links, level.directory, meta);
    if (directory === null) continue;
    level.ahead.splice(0, at + 1);
    const entries = readDirectory(run.nodes.fetch, run.hash, meta.directory ?? null);
    return { directory, ahead: [], entries, ended: false };
  }
  level.ahead = [];
  return null;
}

async function readAhead(run: Run, level: Level): Promise<void> {
  try {
    while (level.ahead.length < AHEAD) {
      const next = await level.entries.next();
      if (next.done) {
        level.ended = true;
        break;
      }
      level.ahead.push(next.value);
    }
  } catch (error) {
    // What was read before the damage is restored; the rest of this directory cannot be known.
    level.ended = true;
    run.tally.problem(level.directory.path, error);
  }
  run.nodes.prefetch(
    level.ahead.flatMap((meta) => (meta.type === "directory" && meta.directory ? [meta.directory] : [])),
  );
}

/** The function of a Run that counts an entry down, and finishes a directory with its last one. */
export function finisher(run: Omit<Run, "finished">): (directory: Directory) => void {
  return (from) => {
    for (let directory: Directory | null = from; directory !== null; directory = directory.parent) {
      directory.pending--;
      if (directory.pending > 0) return;
      complete(run, directory);
    }
  };
}

function complete(run: Omit<Run, "finished">, directory: Directory): void {
  try {
    if (directory.meta !== null) {
      finishDirectory(run.handles.pin(directory), directory.meta, run.restorer);
      run.handles.unpin(directory);
      run.tally.count(directory.meta);
    }
  } catch (error) {
    run.tally.problem(directory.path, error);
  }
  if (directory.parent !== null) run.handles.close(directory);
}
