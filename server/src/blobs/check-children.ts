/** The rule that a node is stored after what it refers to: a stored node is therefore complete. */
import type { Backend } from "@datadb/backends";
import {
  type BlobRecord,
  decodePayload,
  type HashAlgorithm,
  hashLength,
  ReplyError,
  references,
} from "@datadb/protocol";
import type { BlobKind } from "../database.ts";
import type { InFlight } from "./in-flight.ts";
import { MissingChildError } from "./missing-child-error.ts";

/** What a node refers to; a node that does not parse is refused. Throws ReplyError. */
function childrenOf(content: Buffer, n: number): ReturnType<typeof references> {
  try {
    return references(content, n);
  } catch (error) {
    throw new ReplyError(`ERR this is no node: ${(error as Error).message}`);
  }
}

/** The distinct children of nodes that are not among the nodes' own companions. */
export function outsideChildren(
  contents: readonly Buffer[],
  hash: HashAlgorithm,
  companions: Record<BlobKind, ReadonlySet<string>>,
): Record<BlobKind, Buffer[]> {
  const found: Record<BlobKind, Map<string, Buffer>> = { data: new Map(), node: new Map() };
  for (const content of contents) {
    for (const { kind, name } of childrenOf(content, hashLength(hash))) {
      const id = name.toString("latin1");
      if (!companions[kind].has(id)) found[kind].set(id, name);
    }
  }
  return { data: [...found.data.values()], node: [...found.node.values()] };
}

/** Waits for children that are on their way, and throws MissingChildError for the first that is not there. */
export async function requireChildren(
  children: Record<BlobKind, Buffer[]>,
  backend: Backend,
  inFlight: InFlight,
): Promise<void> {
  for (const kind of ["data", "node"] as const) {
    const settled: Buffer[] = [];
    for (const name of children[kind]) {
      const end = inFlight.end(kind, name);
      if (end === undefined) {
        settled.push(name);
        continue;
      }
      await end.catch(() => {
        throw new MissingChildError(kind, name);
      });
    }
    if (settled.length === 0) continue;
    const there = await backend.hasMany(kind, settled);
    const missing = there.indexOf(0);
    if (missing >= 0) throw new MissingChildError(kind, settled[missing] as Buffer);
  }
}

/** The content of node records that were just encoded. Throws DECODE for a payload that is none. */
export function nodeContents(
  records: readonly BlobRecord[],
  bases: (name: Buffer) => Buffer | undefined,
): Buffer[] {
  return records.map((record) =>
    decodePayload(record, record.base === null ? undefined : bases(record.base)),
  );
}
