/** What the parts of a mirror share: its members, who of them is up, and what happens when one is not any more. */
import {
  BackendUnavailableError,
  DatadbError,
  ERROR_CATALOGUE,
  type HashAlgorithm,
  ReadOnlyError,
  UsageError,
} from "@datadb/protocol";
import type { Backend } from "../backend.ts";
import type { RecordIndex } from "../record-index.ts";
import type { Traffic } from "../traffic.ts";
import type { Gate } from "./gate.ts";
import type { Ledger, Missed } from "./ledger.ts";
import type { MemberStatus } from "./mirror-care.ts";

export interface Member {
  /** Its place in the configuration, from 1. */
  readonly position: number;
  /** What it is called before it is open. */
  readonly label: string;
  readonly ledger: Ledger;
  /** Its own indexes in `local/`, by path, in the order in which its opening asked for them. */
  readonly indexes: Map<string, RecordIndex>;
  /** Opens it; one at a time. */
  open(): Promise<Backend>;
  backend: Backend | null;
  state: MemberStatus["state"];
  since: number;
  reason: string;
  /** How often it was tried in vain. */
  attempts: number;
  /** What it accepted since its last flush: uncertain until the next. */
  unflushed: Missed[];
  /** Records that it had lost at the last look. */
  lost: number;
  /** What it was given, copies of what it lacked included, and what was read from it, to copy or compare, too. */
  readonly traffic: Traffic;
  /** Ends the pause between two attempts. */
  wake(): void;
}

export interface Mirror {
  readonly description: string;
  readonly members: readonly Member[];
  /** So many members must have made records durable before a flush resolves. */
  readonly required: number;
  readonly hash: HashAlgorithm;
  readonly storeId: Buffer;
  readonly readOnly: boolean;
  /** Changes of content pass shared; who compares members, or lets one join the others, exclusively. */
  readonly gate: Gate;
  readonly clock: Clock;
  readonly counts: { repaired: number; delivered: number };
  /** What the mirror was given, and gave out: once, whatever the number of members. */
  readonly traffic: Traffic;
  warn(message: string): void;
  /** Marked in the ledgers: changes are under way. */
  changing: Promise<void> | null;
  /** How often something happened after which members that are up may differ; 0 when they were compared since. */
  doubts: number;
  closed: boolean;
}

/** Time, so that tests need not wait. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after so many milliseconds, or when aborted. Must not keep the process alive. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** A member that is open and has everything. */
export type UpMember = Member & { backend: Backend };

export function upMembers({ members }: Mirror): UpMember[] {
  return members.filter((member): member is UpMember => member.state === "up" && member.backend !== null);
}

/** What a member is called in messages. */
export function nameOf(member: Member): string {
  return `member ${member.position} (${member.backend?.description ?? member.label})`;
}

/** Nobody is left who has everything. */
export function allDown(mirror: Mirror): BackendUnavailableError {
  const reasons = mirror.members.map((member) => `${nameOf(member)}: ${member.reason || member.state}`);
  return new BackendUnavailableError(
    `${mirror.description}: no member that has everything can be reached; ${reasons.join("; ")}`,
    {
      next: "bring back a member that was up last; if it is lost for good, take it out of config.yaml and run datadb rebuild",
      fields: { members: mirror.members.length },
    },
  );
}

/** The members that are up; BACKEND_UNAVAILABLE when there is none. A TypeError after close. */
export function requireUp(mirror: Mirror, signal?: AbortSignal): UpMember[] {
  if (mirror.closed) throw new TypeError(`${mirror.description} is closed`);
  signal?.throwIfAborted();
  const ups = upMembers(mirror);
  if (ups.length === 0) throw allDown(mirror);
  return ups;
}

/** Whether an error says that a record is there, but has to be retrieved first. */
export function isCold(error: unknown): boolean {
  return error instanceof DatadbError && error.code === "COLD_DATA";
}

/** Whether an error says that the member cannot do it, and not that nobody could or the caller has given up. */
export function isOutage(error: unknown): error is DatadbError {
  return (
    error instanceof DatadbError &&
    !(error instanceof UsageError) &&
    !(error instanceof ReadOnlyError) &&
    !isCold(error)
  );
}

/** Whether an error says that stored bytes are not what was put: of the record, not of the whole member. */
export function isDamage(error: unknown): boolean {
  return error instanceof DatadbError && ERROR_CATALOGUE[error.code].exitCode === 5;
}

/** From now on the member is given what it misses later. What it accepted and never flushed is uncertain, and missed. */
export async function demote(
  mirror: Mirror,
  member: Member,
  reason: string,
  state: "down" | "behind",
): Promise<void> {
  if (member.state !== "up") return;
  member.state = state;
  member.since = mirror.clock.now();
  member.reason = reason;
  const uncertain = member.unflushed;
  member.unflushed = [];
  if (mirror.readOnly) return;
  if (state === "down")
    mirror.warn(
      `${nameOf(member)} of the mirror is down: ${reason}; the others go on, and it is given what it misses when it is back`,
    );
  // Of one that may differ from the others nobody knows what it lacks.
  await member.ledger.setStanding(mirror.doubts > 0 ? "unknown" : "queued");
  await member.ledger.add(uncertain);
  member.wake();
}
