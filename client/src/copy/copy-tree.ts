/** Copies the tree below nodes from one store to another: what the target has is not looked into, children go before parents. */
import type { HashAlgorithm } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import { alignChildren, counterparts, piecesOf, type Run } from "./align-children.ts";
import type { BlobSink } from "./blob-sink.ts";
import { allOf, dataCopier, readable } from "./copy-data.ts";
import { earlierChildren } from "./earlier-children.ts";
import { fetchNodes } from "./fetch-nodes.ts";
import { type Child, childrenOfAll } from "./node-children.ts";

/** Nodes that are read together: at each level of a tree so many are held, a few megabytes. */
const NODES = 64;

export interface CopyTreeOptions {
  source: Connection;
  hash: HashAlgorithm;
  sink: BlobSink;
  /** Where previous versions are read; null: there is none. */
  previous: Connection | null;
  /** Told of content bytes that the target has from now on, in pieces. */
  arrived(bytes: number): void;
  signal?: AbortSignal;
}

/**
 * Copies `root` and all below it; `before` is its previous version, if any: what changed is encoded against that. Resolves when the target
 * has accepted everything. Rejects with DAMAGED for what the source cannot read intact.
 */
export async function copyTree(options: CopyTreeOptions, root: Child, before: Child | null): Promise<void> {
  const { source, hash, sink, previous, arrived, signal } = options;
  const copyData = dataCopier(source, hash, sink, arrived, signal);

  async function copyNodes(runs: readonly Run[]): Promise<void> {
    const all = runs.flatMap(({ now }) => now);
    const lacking = new Set(await sink.lacking("node", once(all)));
    for (const one of all) if (!lacking.has(one)) arrived(one.bytes);
    const pieces = runs.flatMap((run) => piecesOf(run, (child) => lacking.has(child), NODES));
    for (const some of batches(pieces)) {
      signal?.throwIfAborted();
      await copyLacking(some);
    }
  }

  async function copyLacking(runs: readonly Run[]): Promise<void> {
    const contents = await fetchNodes(
      source,
      hash,
      runs.map(({ now }) => now),
    );
    const nodes = contents.map((some) => some.map(readable));
    const earlier = await earlierChildren(previous, hash, runs, nodes);
    const below = nodes.flatMap((some, at) => {
      const { all, holes } = childrenOfAll(some, hash);
      arrived(holes);
      return alignChildren(all, earlier[at]!);
    });
    await copyAll(below);
    // None of these refers to another one: children have gone before.
    const puts = runs.flatMap((run, at) => {
      const bases = counterparts(run);
      return run.now.map(({ name }, place) =>
        sink.put("node", name, nodes[at]![place]!, bases[place]?.name ?? null),
      );
    });
    await allOf(puts);
  }

  async function copyAll(runs: readonly Run[]): Promise<void> {
    const nodes = runs.filter(({ now }) => now[0]!.kind === "node");
    const data = runs.filter(({ now }) => now[0]!.kind === "data");
    const blobs = data.flatMap((run) => {
      const bases = counterparts(run);
      return run.now.map((child, at) => ({ ...child, base: bases[at]?.name ?? null }));
    });
    await allOf([copyData(blobs), nodes.length === 0 ? Promise.resolve() : copyNodes(nodes)]);
  }

  await copyAll([{ now: [root], before: before === null ? [] : [before] }]);
}

/** Runs that are read together: about so many nodes, those of earlier versions not counted. */
function batches(runs: readonly Run[]): Run[][] {
  const all: Run[][] = [];
  let count = Number.POSITIVE_INFINITY;
  for (const run of runs) {
    if (count + run.now.length > NODES) {
      all.push([]);
      count = 0;
    }
    all.at(-1)!.push(run);
    count += run.now.length;
  }
  return all;
}

/** The first of each name. */
function once(wanted: readonly Child[]): Child[] {
  const first = new Map<string, Child>();
  for (const one of wanted) {
    const key = one.name.toString("latin1");
    if (!first.has(key)) first.set(key, one);
  }
  return [...first.values()];
}
