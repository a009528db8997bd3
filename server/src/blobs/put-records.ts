/** The one entrance of records into the backend. */
import { type BlobRecord, MAX_CHAIN_DEPTH, ReplyError } from "@datadb/protocol";
import type { BlobKind, Lease } from "../database.ts";
import type { BlobState } from "./blob-state.ts";
import { chainDepths } from "./chain-depths.ts";
import { awaitChildren, nodeContents, outsideChildren, requireChildren } from "./check-children.ts";
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

type Names = Record<BlobKind, Buffer[]>;

function namesByKind(names: readonly Put[]): Names {
  const found: Names = { data: [], node: [] };
  for (const { kind, name } of names) found[kind].push(name);
  return found;
}

/** What the nodes refer to beyond what comes with them; none of it is on its way any more. */
async function childrenOf(
  state: BlobState,
  nodes: readonly BlobRecord[],
  companions: readonly Put[],
): Promise<Names> {
  if (nodes.length === 0) return { data: [], node: [] };
  // A child may have come before, in a put whose name is not computed yet.
  if (state.hashing.size > 0) await Promise.allSettled([...state.hashing]);
  const bases = await baseContents(state, nodes);
  const contents = nodeContents(nodes, (name) => bases.get(name.toString("latin1")));
  const own: Record<BlobKind, Set<string>> = { data: new Set(), node: new Set() };
  for (const { kind, name } of companions) own[kind].add(name.toString("latin1"));
  const children = outsideChildren(contents, state.hash, own);
  await awaitChildren(children, state.inFlight);
  return children;
}

/** A delta whose base is not there could never be read. Bases come in an earlier call. */
async function checkBases({ backend, protection }: BlobState, records: readonly BlobRecord[]): Promise<void> {
  for (const kind of ["data", "node"] as const) {
    const deltas = records.filter((record) => record.kind === kind && record.base !== null);
    if (deltas.length === 0) continue;
    const bases = deltas.map(({ base }) => base as Buffer);
    const there = new Uint8Array(bases.length).fill(1);
    protection.cycle?.revive(kind, bases, there);
    const condemned = there.indexOf(0);
    if (condemned >= 0) throw new MissingChildError(kind, bases[condemned] as Buffer);
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
  const { protection } = state;
  if (nodes.length < records.length) await state.room();
  // All waiting for others is done before: they may wait for the sweep, and that for who is inside.
  const children = await childrenOf(state, nodes, names);
  await protection.enter();
  try {
    const begun = protection.cycle;
    await acceptInside(state, records, nodes, children);
    const { cycle } = protection;
    if (cycle === null) return;
    const own = namesByKind(names);
    for (const kind of ["data", "node"] as const) {
      cycle.keep(kind, own[kind]);
      // It has not been told of these yet.
      if (cycle !== begun) cycle.keep(kind, children[kind]);
    }
    if (cycle !== begun) for (const { kind, base } of records) if (base) cycle.keep(kind as BlobKind, [base]);
  } finally {
    protection.leave();
  }
}

/** Condemned records go before the new ones come: an existing record would be kept, and then swept. */
async function dropObsolete(
  { backend, protection }: BlobState,
  records: readonly BlobRecord[],
): Promise<void> {
  const { cycle } = protection;
  if (cycle === null) return;
  const names = namesByKind(records.map(blobOf));
  for (const kind of ["data", "node"] as const) {
    const gone = cycle.obsolete(kind, names[kind]);
    if (gone.length > 0) await backend.removeMany(kind, gone);
    cycle.keep(kind, gone);
  }
}

async function acceptInside(
  state: BlobState,
  records: readonly BlobRecord[],
  nodes: readonly BlobRecord[],
  children: Names,
): Promise<void> {
  const lost = nodes.length > 0 ? recordsLost(state.backend) : 0;
  await checkBases(state, records);
  if (nodes.length > 0) await requireChildren(children, state.backend, state.protection);
  await dropObsolete(state, records);
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
