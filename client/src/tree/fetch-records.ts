/** Blobs by name, from a store in this process (as stored) or over a wire (as content). */
import { type BlobRecord, ColdDataError, isDamage, type RecordKind, ReplyError } from "@datadb/protocol";
import type { Connection } from "../connection.ts";

/** A blob that is there, one that is not, or why it cannot be read. */
export type FetchedRecord = BlobRecord | null | Error;

/** Names a call; the contract of LocalBlobs. */
const BATCH = 1024;

/**
 * Records in request order. One damaged record does not fail the others: it is an Error in its place.
 * Rejects when the store itself cannot be reached.
 */
export async function fetchRecords(
  connection: Connection,
  kind: RecordKind,
  names: readonly Buffer[],
): Promise<FetchedRecord[]> {
  const { local } = connection;
  if (local === undefined) return await fetchOverWire(connection, kind, names);
  if (names.length <= BATCH) return await fetchLocal(local, kind, names);
  const parts: FetchedRecord[] = [];
  for (let from = 0; from < names.length; from += BATCH) {
    parts.push(...(await fetchLocal(local, kind, names.slice(from, from + BATCH))));
  }
  return parts;
}

async function fetchLocal(
  local: NonNullable<Connection["local"]>,
  kind: RecordKind,
  names: readonly Buffer[],
): Promise<FetchedRecord[]> {
  try {
    return await local.getRecords(kind, names);
  } catch (error) {
    if (!isDamage(error) && !(error instanceof ColdDataError)) throw error;
    if (names.length === 1) return [error as Error];
    // The error speaks of one record, the rest of the batch may be whole: halve until it is alone.
    const half = names.length >> 1;
    const left = await fetchLocal(local, kind, names.slice(0, half));
    return left.concat(await fetchLocal(local, kind, names.slice(half)));
  }
}

async function fetchOverWire(
  connection: Connection,
  kind: RecordKind,
  names: readonly Buffer[],
): Promise<FetchedRecord[]> {
  const suffix = kind === "node" ? ["KIND", "node"] : [];
  const replies = names.map((name) => connection.call("BGET", name.toString("hex"), ...suffix));
  const settled = await Promise.allSettled(replies);
  return settled.map((reply, index) => {
    if (reply.status === "rejected") {
      if (reply.reason instanceof ReplyError && reply.reason.kind !== "NOPERM") return reply.reason;
      throw reply.reason;
    }
    if (!Buffer.isBuffer(reply.value)) return null;
    const payload = reply.value;
    return { kind, name: names[index]!, encoding: "raw", base: null, length: payload.length, payload };
  });
}
