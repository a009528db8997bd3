/** Reads, decodes and hashes one blob. */
import { DatadbError, hashLength, parseHex } from "@datadb/protocol";
import { decodeChain } from "../blobs/read-contents.ts";
import type { BlobKind } from "../database.ts";
import { type CheckPart, type CheckState, finding } from "./check-source.ts";

/** Yields a finding when the blob is missing, damaged, or not what its name says; and one for the base that this is due to. */
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
    if (!own) yield* verifyBase(state, kind, fields["base"] ?? fields["name"]);
  }
}

/** Reading a bad record through what is made from it makes it absent: whoever looks for it by its place does not find it then. */
async function* verifyBase(state: CheckState, kind: BlobKind, hex: unknown): CheckPart {
  const base = typeof hex === "string" ? parseHex(hex, hashLength(state.source.hash)) : undefined;
  if (base !== undefined && !state.bad[kind].has(base.toString("latin1")))
    yield* verifyOne(state, kind, base);
}

function wordFor({ code, fields }: DatadbError, own: boolean): string {
  if (!own) return "needs-damaged";
  if (fields["lost"] === true) return "missing";
  return code === "HASH_MISMATCH" ? "wrong-content" : "damaged-record";
}
