/** Compares the members of mirrors: what one has, and another lacks or has damaged. */
import { RECORD_KINDS } from "@datadb/protocol";
import { mirrorsIn } from "../store/backend-counters.ts";
import { type CheckPart, type CheckState, finding } from "./check-source.ts";

/** `mend` queues whole copies for the members concerned. Blobs are not lost for that: what is found has no backups with it. */
export async function* checkMirrors(state: CheckState, readData: number, mend: boolean): CheckPart {
  const { signal } = state;
  for (const mirror of mirrorsIn(state.source.backend)) {
    for (const { member, description, state: how, reason } of mirror.status())
      if (how !== "up") {
        state.uncompared += 1;
        yield {
          type: "note",
          message: `member ${member} of the mirror, ${description}, is ${how} (${reason}): it was not compared`,
        };
      }
    let done = 0;
    const read = readData >= 100 ? RECORD_KINDS : (["node", "log"] as const);
    const onProgress = (records: number): void => {
      done = records;
    };
    for await (const { what, kind, message } of mirror.compare({ read, mend, signal, onProgress }))
      yield finding(state, { what: `mirror-${what}`, kind, message });
    yield { type: "progress", phase: "mirror", done, total: done };
  }
}
