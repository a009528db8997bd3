/** The repository as the house tests see it: its files, its packages, what they import. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const ROOT: string = resolve(import.meta.dirname, "../../..");

export interface Manifest {
  name: string;
  license?: string;
  workspaces?: string[];
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

/** Paths of all files that belong to the project (tracked, or new and not ignored), relative to its root. */
export const FILES: readonly string[] = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], {
  cwd: ROOT,
  encoding: "utf8",
  maxBuffer: 64 * 1024 * 1024,
})
  .split("\0")
  .filter((path) => path !== "" && existsSync(join(ROOT, path)));

/** The text of a file of the project. */
export function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** The package.json of a room; of the root for ".". */
export function manifestOf(room: string): Manifest {
  return JSON.parse(read(join(room, "package.json"))) as Manifest;
}

/** The rooms of the house, in the order of the root's package.json. */
export const ROOMS: readonly string[] = manifestOf(".").workspaces ?? [];

/** Sources: TypeScript of the rooms that is neither a test nor a suite of tests. */
export const SOURCES: readonly string[] = FILES.filter(
  (path) => /^[a-z]+\/(src|scripts)\/.*\.ts$/.test(path) && !/\.(test|suite)\.ts$/.test(path),
);

/** All TypeScript of the rooms, tests included. */
export const MODULES: readonly string[] = FILES.filter((path) =>
  /^[a-z]+\/(src|scripts)\/.*\.ts$/.test(path),
);

/** What a module imports, as written: packages, node: modules and relative paths. */
export function importsOf(path: string): string[] {
  // Comments may speak of imports.
  const code = read(path)
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/^\s*\/\/.*$/gm, "");
  const found = code.matchAll(/(?:(?<!["'])\bfrom|\bimport|\bimport\()\s*["']([^"'\n]+)["']/g);
  return [...found].map((match) => match[1] as string);
}

/** `@scope/name` or `name` of an import of a package; null for node: modules and relative paths. */
export function packageOf(imported: string): string | null {
  if (imported.startsWith(".") || imported.startsWith("node:")) return null;
  const parts = imported.split("/");
  return parts.slice(0, imported.startsWith("@") ? 2 : 1).join("/");
}
