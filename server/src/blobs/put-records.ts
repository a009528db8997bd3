/** The one entrance of records into the backend. */
import { type BlobRecord, MAX_CHAIN_DEPTH, ReplyError } from "@datadb/protocol";
import type { BlobKind, Lease } from "../database.ts";
import type { BlobState } from "./blob-state.ts";
import { chainDepths } from "./chain-depths.ts";
import { nodeContents, outsideChildren, requireChildren } from "./check-children.ts";
import { recordsLost } from "./flush-blobs.ts";
import { findIncompleteNodes } from "./incomplete-nodes.ts";
import { MissingChildError } from "./missing-child-error.ts";
import { decodeChain, readRecords } from "./read-contents.ts";

type Put = { kind: BlobKind; name: Buffer };

function blobOf({ kind, name }: BlobRecord): Put {
  if (kind === "log") throw new TypeError("log records are written by commits only");
  return { kind, name };
}

async function baseContents(state: BlobState, nodes: readonly BlobRecord[]): Promise<Map<string, Buffer>> {
  const contents = new Map<string, Buffer>();
  const names = nodes.flatMap(({ base }) => base ?? []);
  const records = names.length === 0 ? [] : await readRecords(state.backend, "node", names);
  for (const record of records) {
    if (record)
      contents.set(record.name.toString("latin1"), await decodeChain(state.backend, state.hash, record));
  }
  return contents;
}

async function checkNodes(
  state: BlobState,
  nodes: readonly BlobRecord[],
  companions: readonly Put[],
): Promise<void> {
  // A child may have come before, in a put whose name is not computed yet.
  if (state.hashing.size > 0) await Promise.allSettled([...state.hashing]);
  const bases = await baseContents(state, nodes);
  const contents = nodeContents(nodes, (name) => bases.get(name.toString("latin1")));
  const own: Record<BlobKind, Set<string>> = { data: new Set(), node: new Set() };
  for (const { kind, name } of companions) own[kind].add(name.toString("latin1"));
  await requireChildren(outsideChildren(contents, state.hash, own), state.backend, state.inFlight);
}

/** A delta whose base is not there could never be read. Bases come in an earlier call. */
async function checkBases({ backend }: BlobState, records: readonly BlobRecord[]): Promise<void> {
  for (const kind of ["data", "node"] as const) {
    const deltas = records.filter((record) => record.kind === kind && record.base !== null);
    if (deltas.length === 0) continue;
    const bases = deltas.map(({ base }) => base as Buffer);
    const depths = await chainDepths(backend, kind, bases);
    for (const [at, base] of bases.entries()) {
      const depth = depths.get(base.toString("latin1")) ?? null;
      if (depth === null) throw new MissingChildError(kind, base);
      if (depth < MAX_CHAIN_DEPTH) continue;
      const name = deltas[at]?.name.toString("hex");
      throw new ReplyError(`ERR ${kind} ${name} would need more than ${MAX_CHAIN_DEPTH} bases`);
    }
  }
}

async function accept(
  state: BlobState,
  records: readonly BlobRecord[],
  names: readonly Put[],
): Promise<void> {
  const nodes = records.filter(({ kind }) => kind === "node");
  const lost = nodes.length > 0 ? recordsLost(state.backend) : 0;
  await checkBases(state, records);
  if (nodes.length > 0) await checkNodes(state, nodes, names);
  let bytes = 0;
  for (const { payload } of records) bytes += payload.length;
  await state.gate.enter(bytes);
  try {
    // What nodes refer to goes first: a crash between the two leaves no node without its children.
    if (nodes.length < records.length)
      await state.backend.putMany(records.filter(({ kind }) => kind === "data"));
    if (nodes.length > 0) await state.backend.putMany(nodes);
  } finally {
    state.gate.leave(bytes);
  }
  for (const { name } of nodes) state.unflushed.push(Buffer.from(name));
  // A sync that failed after the look at the children may have lost them, before anybody knew of these nodes.
  if (nodes.length > 0 && recordsLost(state.backend) !== lost) await refuseIncomplete(state, nodes);
}

async function refuseIncomplete({ backend, hash }: BlobState, nodes: readonly BlobRecord[]): Promise<void> {
  const incomplete = await findIncompleteNodes(
    backend,
    hash,
    nodes.map(({ name }) => name),
  );
  const [first] = incomplete;
  if (first === undefined) return;
  await backend.removeMany("node", incomplete);
  throw new MissingChildError("node", first);
}

/** Accepts records; see BlobStore.putEncoded. */
export async function putRecords(
  state: BlobState,
  records: readonly BlobRecord[],
  lease?: Lease,
): Promise<void> {
  if (records.length === 0) return;
  const names = records.map(blobOf);
  const work = accept(state, records, names);
  state.inFlight.during(names, work);
  await work;
  if (lease) for (const { kind, name } of names) lease.note(kind, [name]);
}
