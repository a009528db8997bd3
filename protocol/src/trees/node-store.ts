/** Nodes in memory, as a builder emits them and a reader fetches them. For tests. */
import { references } from "../nodes/references.ts";
import type { EmitNode } from "./tree-builder.ts";
import type { FetchNodes } from "./walk-leaves.ts";

export interface NodeStore {
  readonly nodes: Map<string, Buffer>;
  /** Checks that children come first. */
  readonly emit: EmitNode;
  readonly fetch: FetchNodes;
  /** Names fetched so far, in hex, and how many calls it took. */
  readonly fetched: string[];
  calls(): number;
}

export function nodeStore(n: number): NodeStore {
  const nodes = new Map<string, Buffer>();
  const fetched: string[] = [];
  let calls = 0;
  return {
    nodes,
    fetched,
    calls: () => calls,
    emit(name, content) {
      for (const { kind, name: child } of references(content, n)) {
        if (kind === "node" && content[0] !== 3 && !nodes.has(child.toString("hex"))) {
          throw new Error(`node ${child.toString("hex")} comes after its parent`);
        }
      }
      nodes.set(name.toString("hex"), content);
    },
    async fetch(names) {
      calls += 1;
      return names.map((name) => {
        const hex = name.toString("hex");
        fetched.push(hex);
        const node = nodes.get(hex);
        if (node === undefined) throw new Error(`node ${hex} is absent`);
        return node;
      });
    },
  };
}
