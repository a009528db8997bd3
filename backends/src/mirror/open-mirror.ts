/**
 * The same records in several backends: `mirror: [ { blobsfile: ... }, { s3: ... } ]`, or with options
 * `mirror: { members: [ ... ], required: 1 }`.
 *
 * Every change goes to all members that are up, and into the durable queue of every other one. See docs/backends.md for what
 * that promises.
 */
import { createHash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { DatadbError, UsageError } from "@datadb/protocol";
import type { Backend } from "../backend.ts";
import { type BackendConfig, type BackendOptions, backendType, configError } from "../backend-options.ts";
import { counterOf } from "../counter-of.ts";
import { nodeFileSystem } from "../node-file-system.ts";
import type { OpenContext } from "../open-backend.ts";
import type { RecordIndex } from "../record-index.ts";
import { noTraffic } from "../traffic.ts";
import { uncachedWrites } from "../uncached-writes.ts";
import { createMirror } from "./create-mirror.ts";
import { createGate } from "./gate.ts";
import { openLedger, type Standing } from "./ledger.ts";
import { allDown, type Clock, type Member, type Mirror, nameOf, upMembers } from "./mirror.ts";

type Child = { config: BackendConfig; at: string };

const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  async wait(milliseconds, signal) {
    await wait(milliseconds, undefined, { signal, ref: false }).catch(() => undefined);
  },
};

/** The same text for the same configuration, whatever the order of its keys. */
function canonical(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join()}}`;
}

/** What a member's ledger is found by: its type and all that it is told, not its place among the others. */
function ledgerPath({ config, at }: Child): string {
  const { type } = backendType(config, at);
  return `mirror:${type}-${createHash("sha256").update(canonical(config)).digest("hex").slice(0, 16)}`;
}

/** A place as descriptions have it: `encrypt s3 bucket/db/` for `encrypt:s3%3Abucket%252Fdb%252F`. Of what encrypts it names the place within. */
function placeOf(path: string): string {
  const [, type = path, rest = ""] = /^([^:]*):(.*)$/s.exec(path) ?? [];
  if (rest === "" || rest === "unindexed") return type;
  const place = decodeURIComponent(rest);
  return `${type} ${type === "encrypt" ? placeOf(place) : place}`;
}

async function newMember(
  context: OpenContext,
  child: Child,
  position: number,
  clock: Clock,
): Promise<Member> {
  const { type } = backendType(child.config, child.at);
  const ledger = await openLedger(context.index(ledgerPath(child)), clock.now);
  const indexes = new Map<string, RecordIndex>();
  const changes: Parameters<OpenContext["openChild"]>[1] = {
    replaceable: true,
    // Readers are served by the first member: what the others write need not be in memory.
    ...(context.fs === undefined && position > 1 ? { fs: uncachedWrites(nodeFileSystem) } : {}),
    onIndex(path, index) {
      indexes.set(path, index);
      context.onIndex?.(path, index);
    },
    // What a member found that is not counted on concerns nobody: it is compared first.
    recovered: (kind, names) =>
      ["unknown", "queued"].includes(ledger.standing ?? "") ? undefined : context.recovered?.(kind, names),
  };
  return {
    position,
    get label() {
      // Its opening asked for this before it failed, if it came so far.
      const [path] = indexes.keys();
      return path === undefined ? type : placeOf(path);
    },
    ledger,
    indexes,
    open: () => context.openChild(child, changes),
    backend: null,
    state: "down",
    since: clock.now(),
    reason: "it was not opened yet",
    attempts: 0,
    unflushed: [],
    lost: 0,
    traffic: noTraffic(),
    wake: () => {},
  };
}

async function isEmpty({ backend }: Member): Promise<boolean> {
  for (const kind of ["log", "node", "data"] as const)
    if (backend !== null && (await backend.packs(kind)).length > 0) return false;
  return true;
}

/** Opens a member; one that cannot be opened is down. Mistakes of the configuration are thrown. */
async function openFirst(mirror: Mirror, member: Member): Promise<void> {
  try {
    member.backend = await member.open();
    member.lost = counterOf(member.backend, "records-lost");
  } catch (error) {
    if (!(error instanceof DatadbError) || error instanceof UsageError) throw error;
    member.reason = error.message;
    const missing = error.code === "STORE_MISSING_KNOWN";
    const next = missing
      ? `if its packs are really gone, datadb mirror sync --refill ${member.position} fills it again`
      : "it is given what it misses when it is back";
    mirror.warn(`${nameOf(member)} of the mirror cannot be opened: ${error.message}; ${next}`);
  }
}

/** Who has everything: those that had it last. Of those that were never seen: all that are not empty, or all if all are. */
async function judge(mirror: Mirror): Promise<void> {
  const { members } = mirror;
  const standings = members.map(({ ledger }) => ledger.standing);
  const had = (standing: Standing | null): boolean => standing === "equal" || standing === "changing";
  const open = members.filter(({ backend }) => backend !== null);
  const known = standings.some((standing) => standing !== null);
  const unclean = standings.includes("changing");
  const filled = new Set<Member>();
  if (!known) for (const member of open) if (!(await isEmpty(member))) filled.add(member);
  for (const member of members) {
    const { ledger, backend } = member;
    const whole = known ? had(ledger.standing) : filled.size === 0 || filled.has(member);
    const lossy = backend !== null && counterOf(backend, "packs-lost") > 0;
    if (backend !== null && whole) Object.assign(member, { state: "up", reason: "" });
    else if (backend !== null)
      Object.assign(member, { state: "behind", reason: "it is given what it missed" });
    if (member.state === "up" && (lossy || !known || unclean)) mirror.doubts += 1;
  }
  // Without anybody who has everything nothing is known that was not known before.
  if (mirror.readOnly || upMembers(mirror).length === 0) return;
  // First of all who has everything: the others' standing would deny it to those without one.
  for (const { ledger } of upMembers(mirror))
    if (ledger.standing === null) await ledger.setStanding("changing");
  for (const member of members) {
    const { ledger, state, backend } = member;
    if (state === "up") continue;
    // After a crash queues may lack their last entries; what was never seen may lack anything.
    const complete = known && !unclean && ledger.standing === "queued" && backend !== null;
    const waits = known && !unclean && (ledger.standing === "equal" || ledger.standing === "queued");
    if (!complete) await ledger.setStanding(waits ? "queued" : "unknown");
  }
}

/** A mirror over these members. Errors: USAGE for a wrong configuration; BACKEND_UNAVAILABLE when no member that has everything can be opened. */
export async function openMirror(
  options: BackendOptions,
  context: OpenContext,
  clock: Clock = SYSTEM_CLOCK,
): Promise<Backend> {
  const children = options.children("members");
  const required = options.integer("required", { min: 1, max: children.length, fallback: 1 });
  options.done();
  if (children.length < 2) throw configError(options.at, "expected at least two members");
  const members: Member[] = [];
  for (const [at, child] of children.entries()) members.push(await newMember(context, child, at + 1, clock));
  const mirror: Mirror = {
    description: "mirror",
    members,
    required,
    hash: context.hash,
    storeId: context.storeId,
    readOnly: context.readOnly ?? false,
    gate: createGate(),
    clock,
    counts: { repaired: 0, delivered: 0 },
    traffic: noTraffic(),
    warn: context.warn,
    changing: null,
    doubts: 0,
    closed: false,
  };
  const opened = await Promise.allSettled(members.map((member) => openFirst(mirror, member)));
  try {
    for (const one of opened) if (one.status === "rejected") throw one.reason;
    for (const { backend } of members)
      if (backend !== null && !mirror.readOnly && !backend.capabilities.writable)
        throw configError(options.at, `${backend.description} accepts no changes: it cannot be a member`);
    await judge(mirror);
    if (upMembers(mirror).length === 0) throw allDown(mirror);
  } catch (error) {
    for (const { backend } of members) await backend?.close().catch(() => undefined);
    throw error;
  }
  const description = `mirror of ${members.map((member) => member.backend?.description ?? member.label).join(" and ")}`;
  return createMirror({ ...mirror, description });
}
