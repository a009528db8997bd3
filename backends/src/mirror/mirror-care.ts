/** What a mirror tells of its members, and what can be asked of it beyond the contract of backends. */
import type { RecordKind } from "@datadb/protocol";

/** One member. Times in milliseconds since 1970. */
export interface MemberStatus {
  /** Its place in the configuration, from 1. */
  member: number;
  /** Type and place, e.g. `blobsfile /srv/store/blobs`. */
  description: string;
  /** `up`: has everything. `behind`: is being given what it missed. `down`: cannot be reached, or refuses. */
  state: "up" | "behind" | "down";
  since: number;
  /** Why it is not up; empty when it is. */
  reason: string;
  /** What waits for it: records (removals included), bytes of their payloads, and since when. */
  records: number;
  bytes: number;
  oldest: number | null;
  /** It is still to be compared with the others: it may lack more than waits for it. */
  comparing: boolean;
  /** How often it was tried in vain since it went down first. */
  attempts: number;
  /** Under the names of Backend.counters: what it was given, and what was read from it, since the mirror was opened. */
  counters: Record<string, number>;
}

/** Something in which one member differs from the others. */
export interface MemberDifference {
  member: number;
  description: string;
  what: "missing" | "damaged";
  kind: RecordKind;
  name: Buffer;
  message: string;
}

export interface CompareOptions {
  /** Reads every record of these kinds of every member, too. */
  read?: readonly RecordKind[];
  /** Queues what is missing and damaged for the members concerned. */
  mend?: boolean;
  signal?: AbortSignal | undefined;
  onProgress?: (records: number) => void;
}

/** See Backend.mirror. */
export interface MirrorCare {
  status(): MemberStatus[];
  /** Tries members that are down at once, not when their time comes. */
  wake(): void;
  /** Takes the member as empty, whatever `local/` knows of it, and fills it. USAGE when it is up, or there is no such member. */
  refill(member: number): Promise<void>;
  /** Every record of every member against the other members. */
  compare(options: CompareOptions): AsyncGenerator<MemberDifference, void>;
}
