/** Names of packs as objects: `blobs-00001-5f0c9a7be1d24c36`. */
import { randomBytes } from "node:crypto";
import type { RecordKind } from "@datadb/protocol";

const WORD: Record<RecordKind, string> = { data: "blobs", node: "nodes", log: "log" };
const PATTERN = /^(blobs|nodes|log)-(\d{5,12})-[0-9a-f]{16}$/;

/** What the names of a kind begin with. */
export function objectBeginning(kind: RecordKind): string {
  return `${WORD[kind]}-`;
}

/** A name that nobody gave before: two processes that take the same number do not overwrite each other. */
export function newObjectName(kind: RecordKind, number: number): string {
  return `${WORD[kind]}-${String(number).padStart(5, "0")}-${randomBytes(8).toString("hex")}`;
}

/** Kind and number in a name; null for other objects. */
export function parseObjectName(name: string): { kind: RecordKind; number: number } | null {
  const [, word, digits] = PATTERN.exec(name) ?? [];
  const kind = (Object.keys(WORD) as RecordKind[]).find((one) => WORD[one] === word);
  return kind === undefined || digits === undefined ? null : { kind, number: Number(digits) };
}

/** In order of numbers, and of names where two have one. */
export function compareObjects(a: { name: string }, b: { name: string }): number {
  const [first, second] = [parseObjectName(a.name)?.number ?? 0, parseObjectName(b.name)?.number ?? 0];
  return first - second || (a.name < b.name ? -1 : 1);
}
