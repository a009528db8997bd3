/** Whether reads of a mirror cost requests: as those of the member that is read first do. */
import { type DistantReads, distantIn } from "../distant-reads.ts";
import { type Mirror, upMembers } from "./mirror.ts";
import { packIn, warmFirst } from "./read-members.ts";

/** Undefined when that member is at hand. What lies in another one is taken for near: it is read when the first lacks it. */
export function distantMember(mirror: Mirror): DistantReads | undefined {
  const [first] = warmFirst(upMembers(mirror));
  const within = first && distantIn(first.backend);
  if (first === undefined || within === undefined) return undefined;
  const beginning = packIn(first, "");
  return {
    expectNodes: () => within.expectNodes(),
    near: (pack) => !pack.startsWith(beginning) || within.near(pack.slice(beginning.length)),
    async bring(pack, from, to, signal) {
      if (!pack.startsWith(beginning)) return 0;
      return within.bring(pack.slice(beginning.length), from, to, signal);
    },
  };
}
