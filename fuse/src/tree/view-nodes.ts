/** The node ids of views: made when the kernel is told of one, gone when it forgets it. */
import { FIRST_ENTRY_NODE } from "../inodes/node-id.ts";
import { ROOT_NODE } from "../kernel/constants.ts";
import { ROOT_VIEW, type View } from "./views.ts";

interface Known {
  node: number;
  view: View;
  lookups: number;
}

export interface ViewNodes {
  /** The view's node; a new one when the kernel does not know it. */
  nodeOf(view: View): number;
  viewOf(node: number): View | undefined;
  /** The kernel was told of the node once more. */
  hold(node: number): void;
  /** True when it is known no more. */
  forget(node: number, times: number): boolean;
}

export function createViewNodes(): ViewNodes {
  const byNode = new Map<number, Known>();
  const byPath = new Map<string, Known>();
  let next = ROOT_NODE + 1;

  function add(node: number, view: View, lookups: number): Known {
    const known = { node, view, lookups };
    byNode.set(node, known);
    byPath.set(view.path, known);
    return known;
  }

  /** Ids run out after 16 million different views: then those that were forgotten longest ago come again. */
  function freeNode(): number {
    while (byNode.has(next) || next >= FIRST_ENTRY_NODE)
      next = next >= FIRST_ENTRY_NODE ? ROOT_NODE + 1 : next + 1;
    return next++;
  }

  add(ROOT_NODE, ROOT_VIEW, Number.POSITIVE_INFINITY);
  return {
    nodeOf: (view) => (byPath.get(view.path) ?? add(freeNode(), view, 0)).node,
    viewOf: (node) => byNode.get(node)?.view,
    hold(node) {
      const known = byNode.get(node);
      if (known !== undefined) known.lookups += 1;
    },
    forget(node, times) {
      const known = byNode.get(node);
      if (known === undefined) return false;
      known.lookups -= times;
      if (known.lookups > 0) return false;
      byNode.delete(node);
      byPath.delete(known.view.path);
      return true;
    },
  };
}
