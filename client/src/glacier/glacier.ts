/** Data of a store that lies in Glacier: what is where, and getting it. Each call is one step; repeat it until it is done. */
import { type PlainReply, WrongReplyError } from "@datadb/protocol";
import type { Connection } from "../connection.ts";

export type GlacierTier = "Expedited" | "Standard" | "Bulk";

export interface GlacierStatus {
  place: string;
  /** As the store's catalogue has it. */
  archives: number;
  bytes: number;
  /** Bytes of packs that are not archived yet, or were retrieved. */
  staged: number;
  /** Jobs under way. */
  jobs: number;
  /** What the vault said at its last inventory (its time, or null). */
  vault: { archives: number; bytes: number; inventory: string | null };
}

export interface GlacierSync {
  state: "done" | "waiting" | "no-inventory";
  archives: number;
  /** Archives that the catalogue has and the inventory has not. */
  missing: number;
}

/** What a backup needs that cannot be read yet. */
export interface GlacierPlan {
  records: number;
  archives: number;
  bytes: number;
  /** Retrievals under way. */
  waiting: number;
}

export async function glacierStatus(connection: Connection): Promise<GlacierStatus> {
  const reply = readMap(await connection.call("GLACIER", "STATUS"));
  const number = (field: string): number => Number(reply.get(field) ?? 0);
  const inventory = reply.get("vault-inventory");
  return {
    place: String(reply.get("place")),
    ...{
      archives: number("archives"),
      bytes: number("bytes"),
      staged: number("staged"),
      jobs: number("jobs"),
    },
    vault: {
      archives: number("vault-archives"),
      bytes: number("vault-bytes"),
      inventory: inventory === null || inventory === undefined ? null : String(inventory),
    },
  };
}

/** Moves what was backed up into archives. */
export async function glacierArchive(
  connection: Connection,
  options: { dropRetrieved?: boolean } = {},
): Promise<{ archives: number; bytes: number }> {
  const words = options.dropRetrieved ? ["DROP-RETRIEVED"] : [];
  const reply = readMap(await connection.call("GLACIER", "ARCHIVE", ...words));
  return { archives: Number(reply.get("archives")), bytes: Number(reply.get("bytes")) };
}

/** One step of comparing the catalogue with the vault. */
export async function glacierSync(connection: Connection, tier: GlacierTier): Promise<GlacierSync> {
  const reply = readMap(await connection.call("GLACIER", "SYNC", tier));
  return {
    state: String(reply.get("state")) as GlacierSync["state"],
    archives: Number(reply.get("archives")),
    missing: Number(reply.get("missing")),
  };
}

/** What a backup needs; with `start` one step of getting it. Nothing is left to get when `records` is 0. */
export async function glacierRestore(
  connection: Connection,
  backup: { id: string },
  tier: GlacierTier,
  start: boolean,
): Promise<GlacierPlan> {
  const words = start ? ["START"] : [];
  const reply = readMap(await connection.call("GLACIER", "RESTORE", backup.id, tier, ...words));
  const number = (field: string): number => Number(reply.get(field) ?? 0);
  return {
    records: number("records"),
    archives: number("archives"),
    bytes: number("bytes"),
    waiting: number("waiting"),
  };
}

function readMap(reply: PlainReply): Map<string, PlainReply> {
  if (!Array.isArray(reply)) throw new WrongReplyError("GLACIER did not answer a map");
  const map = new Map<string, PlainReply>();
  for (let at = 0; at + 1 < reply.length; at += 2) map.set(String(reply[at]), reply[at + 1]!);
  return map;
}
