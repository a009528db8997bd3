/** Grows a directory tree with every type of entry and the names that break backup programs. */
import { chmodSync, lchownSync, lutimesSync, mkdirSync, writeFileSync } from "node:fs";
import { growAwkwardNames } from "./grow-awkward-names.ts";
import { growEntryTypes } from "./grow-entry-types.ts";
import { join, type TreePath } from "./path-bytes.ts";
import { type Random, randomOf } from "./random.ts";

export interface Growth {
  /** Entries to end with, roughly; the special ones are always there. */
  entries: number;
  /** Mean bytes of an ordinary file. Some are empty, few are a hundred times as large. */
  meanBytes?: number;
}

const OWNERS = [0, 0, 1000, 65534, 3_000_000_000];
const FILE_MODES = [0o644, 0o644, 0o600, 0o755, 0o444, 0o4755, 0o000];
const FILES_PER_DIRECTORY = 40;

/** Grows the tree in an existing, empty directory, the same for the same seed and label. */
export async function growTree(root: string, label: string, growth: Growth): Promise<void> {
  const random = randomOf(label);
  const base = Buffer.from(root);
  const special = join(base, "special");
  mkdirSync(special);
  const directories = [special, ...(await growEntryTypes(special, random))];
  const awkward = join(base, "awkward");
  directories.push(awkward, ...growAwkwardNames(awkward, random));
  const left = Math.max(0, growth.entries - 150);
  for (let grown = 0; grown < left; ) {
    const parent = random.chance(0.7) || directories.length < 8 ? base : random.pick(directories.slice(8));
    const directory = join(parent, `d${grown}`);
    mkdirSync(directory);
    directories.push(directory);
    grown++;
    for (let i = random.integer(2 * FILES_PER_DIRECTORY); i > 0 && grown < left; i--, grown++) {
      growFile(
        join(directory, `f${grown}.${random.pick(["txt", "bin", "c"])}`),
        random,
        growth.meanBytes ?? 2000,
      );
    }
  }
  // Last and deepest first: every new entry changes its directory's time.
  for (const directory of directories.reverse()) {
    if (process.getuid?.() === 0) lchownSync(directory, random.pick(OWNERS), random.pick(OWNERS));
    chmodSync(directory, random.pick([0o755, 0o700, 0o1777, 0o2755]));
    lutimesSync(directory, 0, randomTime(random));
  }
  lutimesSync(base, 0, randomTime(random));
}

function growFile(path: TreePath, random: Random, meanBytes: number): void {
  const size = random.chance(0.05) ? 0 : random.integer(2 * meanBytes) * (random.chance(0.002) ? 100 : 1);
  const content = random.chance(0.5)
    ? random.bytes(size)
    : Buffer.alloc(size, `${path.length} lines of text\n`);
  writeFileSync(path, content);
  if (process.getuid?.() === 0) lchownSync(path, random.pick(OWNERS), random.pick(OWNERS));
  chmodSync(path, random.pick(FILE_MODES));
  lutimesSync(path, 0, randomTime(random));
}

/** Seconds with fractions, one in five before 1970. */
function randomTime(random: Random): number {
  const seconds = random.chance(0.2) ? -random.integer(2 ** 30) : random.integer(1.7e9);
  return seconds + random.integer(1e9) / 1e9;
}
