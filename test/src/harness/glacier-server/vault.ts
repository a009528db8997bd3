/** What a vault holds, and the rules of its jobs and uploads. */
import { createHash, randomBytes } from "node:crypto";

export interface Archive {
  id: string;
  description: string;
  created: number;
  bytes: Buffer;
  treeHash: string;
}

export interface Job {
  id: string;
  action: "ArchiveRetrieval" | "InventoryRetrieval";
  archive: Archive | null;
  range: { from: number; to: number } | null;
  tier: string;
  created: number;
  /** When it is done, on the server's clock. */
  due: number;
  /** Of an inventory: made when it was asked for. */
  output: Buffer;
}

export interface Upload {
  description: string;
  partSize: number;
  parts: Map<number, Buffer>;
  touched: number;
}

export interface Vault {
  archives: Map<string, Archive>;
  jobs: Map<string, Job>;
  uploads: Map<string, Upload>;
  /** The last one that was made; null before the first. */
  inventory: { date: number; list: Archive[] } | null;
}

export const MIB: number = 1 << 20;
const HOUR = 3600 * 1000;
export const UPLOAD_LIFE_MS: number = 24 * HOUR;
export const OUTPUT_LIFE_MS: number = 24 * HOUR;

/** Milliseconds until a retrieval is done. */
export const TIER_MS: Readonly<Record<string, number>> = {
  Expedited: 3 * 60 * 1000,
  Standard: 4 * HOUR,
  Bulk: 8 * HOUR,
};

export function newVault(): Vault {
  return { archives: new Map(), jobs: new Map(), uploads: new Map(), inventory: null };
}

/** Ids as the service makes them: 138 url-safe characters for archives, 92 for jobs and uploads. */
export function newId(length: number): string {
  return randomBytes(length).toString("base64url").slice(0, length);
}

/** Written after the words of the service's documentation, apart from the code under test. */
export function treeHashOf(bytes: Buffer): string {
  const sha = (...parts: Buffer[]): Buffer => createHash("sha256").update(Buffer.concat(parts)).digest();
  const join = (hashes: Buffer[]): Buffer => {
    if (hashes.length === 1) return hashes[0]!;
    const next: Buffer[] = [];
    for (let i = 0; i < hashes.length; i += 2)
      next.push(i + 1 < hashes.length ? sha(hashes[i]!, hashes[i + 1]!) : hashes[i]!);
    return join(next);
  };
  const count = Math.max(1, Math.ceil(bytes.length / MIB));
  return join(Array.from({ length: count }, (_, i) => sha(bytes.subarray(i * MIB, (i + 1) * MIB)))).toString(
    "hex",
  );
}

/** Whether a range begins and ends where a subtree of the tree hash does. */
export function isTreeAligned(from: number, to: number, size: number): boolean {
  const length = to - from;
  const leaves = Math.ceil(length / MIB);
  const power = 2 ** Math.ceil(Math.log2(leaves));
  if (from % MIB !== 0 || (from / MIB) % power !== 0) return false;
  return leaves === power ? length % MIB === 0 || to === size : to === size;
}
