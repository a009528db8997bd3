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
import type { Protection } from "../gc/protection.ts";
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

/** Waits for children that are on their way; throws MissingChildError for one that came to nothing. */
export async function awaitChildren(children: Record<BlobKind, Buffer[]>, inFlight: InFlight): Promise<void> {
  for (const kind of ["data", "node"] as const) {
    for (const name of children[kind]) {
      await inFlight.end(kind, name)?.catch(() => {
        throw new MissingChildError(kind, name);
      });
    }
  }
}

/** Throws MissingChildError for the first that is not there, or condemned; the others stay from now on. */
export async function requireChildren(
  children: Record<BlobKind, Buffer[]>,
  backend: Backend,
  { cycle }: Pick<Protection, "cycle">,
): Promise<void> {
  for (const kind of ["data", "node"] as const) {
    const names = children[kind];
    if (names.length === 0) continue;
    const there = await backend.hasMany(kind, names);
    cycle?.revive(kind, names, there);
    const missing = there.indexOf(0);
    if (missing >= 0) throw new MissingChildError(kind, names[missing] as Buffer);
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
