/** Reads, decodes and hashes one blob. */
import { DatadbError } from "@datadb/protocol";
import { decodeChain } from "../blobs/read-contents.ts";
import type { BlobKind } from "../database.ts";
import { type CheckPart, type CheckState, finding } from "./check-source.ts";

/** Yields a finding when the blob is missing, damaged, or not what its name says. */
export async function* verifyOne(state: CheckState, kind: BlobKind, name: Buffer): CheckPart {
  const { backend, hash } = state.source;
  try {
    const [record] = await backend.getMany(kind, [name]);
    if (!record)
      yield finding(
        state,
        { what: "missing", kind, message: `${kind} ${name.toString("hex")} is missing` },
        name,
      );
    else await decodeChain(backend, hash, record);
  } catch (error) {
    if (!(error instanceof DatadbError)) throw error;
    const { pack, offset } = error.fields;
    const what = error.code === "HASH_MISMATCH" ? "wrong-content" : "damaged-record";
    const place = typeof pack === "string" && typeof offset === "number" ? { pack, offset } : {};
    yield finding(state, { what, kind, ...place, message: error.message }, name);
  }
}
