/** The state of one collection: which blobs of the index, as it was at its start, are needed. */
import type { FrozenIndex } from "../blobs/name-index.ts";
import type { BlobKind } from "../database.ts";
import { createNameTable, type NameTable } from "./name-table.ts";
import type { CycleGuard } from "./protection.ts";

/** What is done now. Gathering: names are counted. Marking: what is needed is followed. Sweeping: the rest goes. Over: nothing is asked any more. */
type Phase = "gathering" | "marking" | "sweeping" | "over";

export interface GcCycle extends CycleGuard {
  phase: Phase;
  readonly tables: Record<BlobKind, NameTable>;
  /** Nodes that are marked and not followed yet, and data blobs that may need a base; names as Latin-1 text. */
  readonly nodes: string[];
  readonly deltas: string[];
  /** Ends the gathering. */
  startMarking(index: Pick<FrozenIndex, "has">): void;
  /** Marks a blob that may be younger than the collection, and so none of its business. */
  markRoot(kind: BlobKind, name: Buffer): void;
  /**
   * Marks what a node in the index refers to, and puts into the queues what has to be followed. Only names that were counted may be marked: another
   * one would be taken for one of them. (A child node that is missing fails the collection when it is followed.)
   */
  mark(kind: BlobKind, name: Buffer): void;
}

export function createGcCycle(): GcCycle {
  const tables: Record<BlobKind, NameTable> = { data: createNameTable(), node: createNameTable() };
  /** What was kept while names were gathered. */
  let early: [BlobKind, string][] = [];
  let index: Pick<FrozenIndex, "has"> = { has: () => false };

  const condemned = (kind: BlobKind, name: Buffer): boolean =>
    cycle.phase === "sweeping" && !tables[kind].marked(name) && index.has(kind, name);
  /** What they need may be gone before them. */
  const dependent = (kind: BlobKind, name: Buffer): boolean => kind === "node" || tables.data.flagged(name);
  const cycle: GcCycle = {
    phase: "gathering",
    tables,
    nodes: [],
    deltas: [],
    startMarking(frozen) {
      index = frozen;
      cycle.phase = "marking";
      for (const [kind, name] of early) cycle.markRoot(kind, Buffer.from(name, "latin1"));
      early = [];
    },
    markRoot(kind, name) {
      if (index.has(kind, name)) cycle.mark(kind, name);
    },
    mark(kind, name) {
      const flagged = kind === "data" && tables.data.flagged(name);
      if (flagged && !index.has("data", name)) return;
      if (!tables[kind].mark(name)) return;
      if (kind === "node") cycle.nodes.push(name.toString("latin1"));
      else if (flagged) cycle.deltas.push(name.toString("latin1"));
    },
    keep(kind, names) {
      for (const name of names) {
        if (cycle.phase === "over") return;
        if (cycle.phase === "gathering") early.push([kind, name.toString("latin1")]);
        else if (cycle.phase === "marking") cycle.markRoot(kind, name);
        else if (index.has(kind, name)) tables[kind].mark(name);
      }
    },
    revive(kind, names, there) {
      if (cycle.phase !== "sweeping") {
        cycle.keep(
          kind,
          names.filter((_, at) => there[at] === 1),
        );
        return;
      }
      for (const [at, name] of names.entries()) {
        if (there[at] === 0 || !condemned(kind, name)) continue;
        if (dependent(kind, name)) there[at] = 0;
        else tables[kind].mark(name);
      }
    },
    obsolete: (kind, names) => names.filter((name) => condemned(kind, name) && dependent(kind, name)),
  };
  return cycle;
}
