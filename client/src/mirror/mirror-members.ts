/** The members of a store's mirrors: how they are, and how they are brought up to each other. */
import { setTimeout as wait } from "node:timers/promises";
import { type PlainReply, WrongReplyError } from "@datadb/protocol";
import type { Connection } from "../connection.ts";

/** One member. */
export interface MirrorMember {
  /** `2`, or `1.2` where the store has several mirrors: mirror and member, from 1. */
  member: string;
  /** Type and place, e.g. `blobsfile /srv/copy`. */
  description: string;
  /** `up`: has everything. `behind`: is being given what it missed. `down`: cannot be reached, or refuses. */
  state: "up" | "behind" | "down";
  since: Date;
  /** Why it is not up; empty when it is. */
  reason: string;
  /** What waits for it: records, bytes of their payloads, and since when; null when nothing does. */
  records: number;
  bytes: number;
  oldest: Date | null;
  /** It is still to be compared with the others: more may be missing than waits. */
  comparing: boolean;
  /** How often it was tried in vain. */
  attempts: number;
}

export interface SyncOptions {
  /** A member whose packs are really gone: it is taken as empty, and filled. */
  refill?: string;
  signal?: AbortSignal;
  /** Called from time to time. */
  onProgress?: (members: MirrorMember[]) => void;
}

const LOOK_EVERY_MS = 200;

function memberOf(reply: PlainReply): MirrorMember {
  if (!Array.isArray(reply) || reply.length % 2 !== 0) throw new WrongReplyError("MIRROR answered no map");
  const fields = new Map(
    Array.from({ length: reply.length / 2 }, (_, at) => [String(reply[2 * at]), String(reply[2 * at + 1])]),
  );
  const text = (name: string): string => fields.get(name) ?? "";
  const number = (name: string): number => Number(text(name));
  return {
    member: text("member"),
    description: text("description"),
    state: text("state") as MirrorMember["state"],
    since: new Date(number("since")),
    reason: text("reason"),
    records: number("records"),
    bytes: number("bytes"),
    oldest: number("oldest") === 0 ? null : new Date(number("oldest")),
    comparing: number("comparing") === 1,
    attempts: number("attempts"),
  };
}

/** All members of all mirrors; empty for a store without one. Needs the right admin. */
export async function mirrorMembers(connection: Connection): Promise<MirrorMember[]> {
  const reply = await connection.call("MIRROR", "STATUS");
  if (!Array.isArray(reply)) throw new WrongReplyError("MIRROR STATUS answered no list");
  return reply.map(memberOf);
}

/**
 * Tries members that are down, and waits until every member has everything or could not be reached; resolves with how they are
 * then. Interrupting it ends the waiting alone: what was delivered stays delivered. Needs the right admin.
 */
export async function syncMirror(connection: Connection, options: SyncOptions = {}): Promise<MirrorMember[]> {
  const { refill, signal, onProgress } = options;
  const before = new Map((await mirrorMembers(connection)).map(({ member, attempts }) => [member, attempts]));
  if (refill !== undefined) await connection.call("MIRROR", "REFILL", refill);
  await connection.call("MIRROR", "SYNC");
  for (;;) {
    signal?.throwIfAborted();
    const members = await mirrorMembers(connection);
    onProgress?.(members);
    const settled = members.every(
      ({ state, member, attempts }) =>
        state === "up" || (state === "down" && attempts > (before.get(member) ?? 0)),
    );
    if (settled) return members;
    await wait(LOOK_EVERY_MS, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  }
}
