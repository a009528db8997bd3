/** The headers of packs: what tells a scan whose records these are. */
import { RECORD_KINDS } from "@datadb/protocol";
import { type CheckPart, type CheckState, finding } from "./check-source.ts";

/** Every pack whose header does not say whose it is. */
export async function* checkHeaders(state: CheckState): CheckPart {
  for (const kind of RECORD_KINDS) {
    for (const { pack, header } of await state.source.backend.packs(kind)) {
      if (header !== "damaged") continue;
      const message = `${pack}: the header is damaged; its records are read, but nothing is added to it`;
      yield finding(state, { what: "pack-header", pack, message });
    }
  }
}
