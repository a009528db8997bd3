/** Reads, decodes and hashes one blob. */
import { DatadbError } from "@datadb/protocol";
import { decodeChain } from "../blobs/read-contents.ts";
import type { BlobKind } from "../database.ts";
import { type CheckPart, type CheckState, finding } from "./check-source.ts";

/** Yields a finding when the blob is missing, damaged, or not what its name says. */
export async function* verifyOne(state: CheckState, kind: BlobKind, name: Buffer): CheckPart {
  const { backend, hash } = state.source;
  const hex = name.toString("hex");
  try {
    const [record] = await backend.getMany(kind, [name]);
    if (!record) yield finding(state, { what: "missing", kind, message: `${kind} ${hex} is missing` }, name);
    else await decodeChain(backend, hash, record);
  } catch (error) {
    if (!(error instanceof DatadbError)) throw error;
    const { fields, message } = error;
    // The error of a base: that one has a finding of its own.
    const own = fields["name"] === hex && fields["base"] === undefined;
    const { pack, offset } = own ? fields : {};
    const place = typeof pack === "string" && typeof offset === "number" ? { pack, offset } : {};
    yield finding(
      state,
      { what: wordFor(error, own), kind, ...place, message: own ? message : `${kind} ${hex}: ${message}` },
      name,
    );
  }
}

function wordFor({ code, fields }: DatadbError, own: boolean): string {
  if (!own) return "needs-damaged";
  if (fields["lost"] === true) return "missing";
  return code === "HASH_MISMATCH" ? "wrong-content" : "damaged-record";
}
