/** The files of both LevelDBs: every checksum. */
import { verifyLevel } from "../level-files/verify-level.ts";
import { type CheckPart, type CheckState, finding } from "./check-source.ts";

/** Damage here must be found before anything else is read: LevelDB may end the process when it meets it. */
export async function* checkLevels(state: CheckState): CheckPart {
  const { meta, local } = state.source;
  for (const [what, { location }] of [
    ["keyspace", meta],
    ["index", local],
  ] as const) {
    const damage = await verifyLevel(location, { tables: true, live: true, signal: state.signal });
    if (damage === null) continue;
    const next = "end what has the store open, then run datadb rebuild, which makes it anew from the packs";
    yield finding(state, { what, message: `${damage.message}; nothing else was looked at: ${next}` });
  }
}
