/** Finds out whether a composition keeps structure and history less safely than the content that is nothing without them. */
import type { BackendConfig } from "@datadb/backends";

/** Places in which a record is, by what it is. */
interface Copies {
  data: number;
  /** Nodes and log. */
  structure: number;
}

/** A vault or bucket outlives a machine: it counts as two of its disks. */
const ELSEWHERE = 2;

function entryOf(config: unknown): [string, Record<string, unknown>] {
  const [entry] = Object.entries((config ?? {}) as BackendConfig);
  const [type, value] = entry ?? ["", {}];
  return [type, Array.isArray(value) ? { members: value } : ((value ?? {}) as Record<string, unknown>)];
}

function copiesOf(config: unknown): Copies {
  const [type, options] = entryOf(config);
  if (type === "memory") return { data: 0, structure: 0 };
  if (type === "s3" || type === "remote") return { data: ELSEWHERE, structure: ELSEWHERE };
  if (type === "glacier") return { data: ELSEWHERE, structure: copiesOf(options["warm"]).structure };
  if (type === "mirror" && Array.isArray(options["members"])) {
    const all = options["members"].map(copiesOf);
    return {
      data: all.reduce((sum, { data }) => sum + data, 0),
      structure: all.reduce((sum, { structure }) => sum + structure, 0),
    };
  }
  return options["to"] === undefined ? { data: 1, structure: 1 } : copiesOf(options["to"]);
}

/** Sentences for a person; none when all is well. The configuration is one that opens. */
export function weakSpots(blobs: BackendConfig): string[] {
  const { data, structure } = copiesOf(blobs);
  if (structure === 0)
    return [
      "nodes and log are kept in memory alone: every backup is gone when the process ends; use a backend that lasts",
    ];
  if (structure >= data) return [];
  return [
    "nodes and log are kept less safely than the content, which is nothing without them: make the backend that keeps them a mirror",
  ];
}
