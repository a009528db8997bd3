/** Whether a right includes another. */
import type { Right } from "@datadb/protocol";

const RANK: Readonly<Record<Right, number>> = { read: 0, append: 1, admin: 2 };

export function may(has: Right, needs: Right): boolean {
  return RANK[has] >= RANK[needs];
}
