/** What the encoder's threads tell each other. Contents and payloads are transferred; small ones share one ArrayBuffer. */
import type { BlobRecord, Encoding, HashAlgorithm } from "@datadb/protocol";
import type { BlobKind } from "../database.ts";

/** One piece of content: `bytes` is the whole of it, or a part of it. */
export interface EncodeTask {
  readonly kind: BlobKind;
  readonly bytes: Uint8Array;
  readonly base: { readonly name: Uint8Array; readonly content: Uint8Array } | null;
}

/** A record without base, to be verified. */
export interface VerifyTask {
  readonly kind: BlobKind;
  readonly name: Uint8Array;
  readonly encoding: Encoding;
  readonly length: number;
  readonly payload: Uint8Array;
}

/** The answer is as many results, or booleans, in the same order; or an Error. */
export type EncodeRequest =
  | { readonly hash: HashAlgorithm; readonly encode: readonly EncodeTask[] }
  | { readonly hash: HashAlgorithm; readonly verify: readonly VerifyTask[] };

/** A record without what its task said already. */
export interface EncodeResult {
  readonly name: Uint8Array;
  readonly encoding: Encoding;
  readonly based: boolean;
  readonly length: number;
  readonly payload: Uint8Array;
}

/** Bytes as a Buffer, without a copy. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The record that a result tells of. */
export function recordOf(kind: BlobKind, base: Buffer | null, result: EncodeResult): BlobRecord {
  return {
    kind,
    name: bufferOf(result.name),
    encoding: result.encoding,
    base: result.based ? base : null,
    length: result.length,
    payload: bufferOf(result.payload),
  };
}
