/** Writes manifest.json and sequences.json in one form only, so that equal content has equal bytes. */
import type { LargeObject, PostgresManifest, SequenceState } from "./manifest.ts";

export function writeManifest(manifest: PostgresManifest): Buffer {
  return canonical(manifest);
}

/** In order of schema and name. */
export function writeSequences(sequences: readonly SequenceState[]): Buffer {
  return canonical([...sequences].sort((a, b) => order(a.schema, b.schema) || order(a.name, b.name)));
}

/** In order of oid. */
export function writeLargeObjects(objects: readonly LargeObject[]): Buffer {
  return canonical([...objects].sort((a, b) => a.oid - b.oid));
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Keys in order of their letters, one value a line: two versions differ in few lines. */
function canonical(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, sorted, 1)}\n`);
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => order(a, b)));
}
