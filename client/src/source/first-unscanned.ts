/** Which directories of a walk to scan next. */
import type { DirectoryState } from "./directory-state.ts";

/**
 * Up to `most` directories whose scan has not begun, first in walk order. Any other order lets the walk wait for one of
 * them while results that it cannot use yet pile up. `unsequenced` is the walk's stack: its last is next.
 */
export function firstUnscanned(unsequenced: readonly DirectoryState[], most: number): DirectoryState[] {
  const found: DirectoryState[] = [];
  for (let at = unsequenced.length - 1; at >= 0 && found.length < most; at--) {
    collect(unsequenced[at]!, most, found);
  }
  return found;
}

function collect(state: DirectoryState, most: number, found: DirectoryState[]): void {
  if (!state.begun) {
    found.push(state);
    return;
  }
  for (const child of state.children) {
    if (found.length >= most) return;
    collect(child, most, found);
  }
}
