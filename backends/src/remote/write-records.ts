/** Changing records of a server. */
import { type BlobRecord, RECORD_KINDS, type RecordKind } from "@datadb/protocol";
import type { Request } from "./link.ts";
import { putRequests } from "./put-requests.ts";
import { readNumbers } from "./record-replies.ts";
import { NAMES_A_QUESTION, type RemoteState } from "./remote-state.ts";

/** As Backend.putMany. */
export async function putRecords(state: RemoteState, records: readonly BlobRecord[]): Promise<void> {
  const { link, waiting } = state;
  for (const { requests, records: group } of putRequests(["PUT"], records)) {
    const kinds = RECORD_KINDS.map((kind) => group.filter((record) => record.kind === kind));
    const asked = kinds.filter((some) => some.length > 0);
    // Only to count what is new: in the same round trip, and before the put.
    const questions = asked.map(
      (some): Request => ["HAS", some[0]!.kind, Buffer.concat(some.map(({ name }) => name))],
    );
    try {
      const replies = await link.call(...questions, ...requests);
      for (const [at, some] of asked.entries()) noteAccepted(state, some, replies[at] as Buffer);
    } catch (error) {
      for (const { kind, name } of group) waiting.doubt(kind, name);
      throw error;
    }
  }
}

function noteAccepted(
  { counts, waiting }: RemoteState,
  records: readonly BlobRecord[],
  before: Buffer,
): void {
  const seen = new Set<string>();
  for (const [at, { kind, name, payload }] of records.entries()) {
    const key = name.toString("latin1");
    if (before[at] === 0 && !seen.has(key)) {
      counts["blobs-uploaded"] += 1;
      counts["bytes-uploaded"] += payload.length;
    }
    seen.add(key);
    waiting.accepted(kind, name);
    waiting.settled(kind, name);
  }
}

/** As Backend.replaceMany. */
export async function replaceRecords(
  { link, waiting }: RemoteState,
  kind: RecordKind,
  records: readonly BlobRecord[],
): Promise<void> {
  const known = records.filter(({ name }) => !waiting.isDoubtful(kind, name));
  for (const { requests } of putRequests(["REPLACE", kind], known)) await link.call(...requests);
  for (const { name } of known) waiting.accepted(kind, name);
}

/** A command on any number of names; resolves with the texts that it answers. */
export async function tellNames(
  { link }: RemoteState,
  word: "REMOVE" | "DISTRUST" | "ASIDE",
  kind: RecordKind,
  names: readonly Buffer[],
): Promise<string[]> {
  const texts: string[] = [];
  for (let at = 0; at < names.length; at += NAMES_A_QUESTION) {
    const some = Buffer.concat(names.slice(at, at + NAMES_A_QUESTION));
    const [reply] = await link.call([word, kind, some]);
    if (Array.isArray(reply)) texts.push(...reply.map(String));
  }
  return texts;
}

/** As Backend.flush. */
export async function flushRecords(state: RemoteState, kinds: readonly RecordKind[]): Promise<void> {
  if (kinds.length === 0) return;
  const covered = state.waiting.begin(kinds);
  try {
    const [reply] = await state.link.call(["FLUSH", ...kinds]);
    const { failure } = state;
    state.failure = null;
    if (failure !== null) throw failure;
    state.serverLost = readNumbers(reply!)["records-lost"] ?? 0;
    covered.durable();
  } catch (error) {
    state.recordsLost += covered.doubtful();
    throw error;
  }
}
