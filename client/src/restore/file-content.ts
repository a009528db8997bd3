/** The content of a backed-up file as the pieces it is made of. */
import { DamagedError, type ListEntry, type Meta, readList } from "@datadb/protocol";
import type { Run } from "./run.ts";

/** A chunk, or a hole when `name` is null, at its place in the file. */
export type Part = ListEntry & { offset: number };

/** The pieces of a file's content, in order; throws when they do not add up to its size. */
export async function* contentOf(run: Pick<Run, "nodes" | "hash">, meta: Meta): AsyncGenerator<Part> {
  const { chunk, list, size } = meta;
  if (chunk !== undefined) yield { name: chunk, length: size, offset: 0 };
  else if (list !== undefined) yield* readList(run.nodes.fetch, run.hash, { list }, size);
  else if (size > 0) throw new DamagedError("the backup has no content for it");
}
