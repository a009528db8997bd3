/** What the encoder's threads tell each other. Contents and payloads are transferred; small ones share one ArrayBuffer. */
import type { BlobRecord, Encoding, HashAlgorithm } from "@datadb/protocol";
import type { BlobKind } from "../database.ts";

/** One piece of content: `bytes` is the whole of it, or a part of it. */
export interface EncodeTask {
  readonly kind: BlobKind;
  readonly bytes: Uint8Array;
  /** The records of a probable base and of what it needs, that base last; null without one. */
  readonly chain: readonly ChainRecord[] | null;
}

/** A record, for another thread. */
export interface ChainRecord {
  readonly kind: BlobKind;
  readonly name: Uint8Array;
  readonly encoding: Encoding;
  readonly base: Uint8Array | null;
  readonly length: number;
  readonly payload: Uint8Array;
}

/** A record to be verified, after the records that it needs, the first base first. */
export type VerifyTask = readonly ChainRecord[];

/** A record to be encoded anew: the last of the chain, against the member with the number `base`. */
export interface AnewTask {
  readonly chain: readonly ChainRecord[];
  readonly base: number | null;
}

/** The answer is as many results, or booleans, in the same order, null for what cannot be encoded anew; or an Error. */
export type EncodeRequest =
  | { readonly hash: HashAlgorithm; readonly encode: readonly EncodeTask[] }
  | { readonly hash: HashAlgorithm; readonly verify: readonly VerifyTask[] }
  | { readonly hash: HashAlgorithm; readonly anew: readonly AnewTask[] };

/** What a thread answers. */
export type EncodeAnswer = readonly (EncodeResult | null)[] | readonly boolean[];

/** A record without what its task said already. */
export interface EncodeResult {
  readonly name: Uint8Array;
  readonly encoding: Encoding;
  readonly base: Uint8Array | null;
  readonly length: number;
  readonly payload: Uint8Array;
}

/** Bytes as a Buffer, without a copy. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The record that a message tells of. */
export function recordOf(kind: BlobKind, { name, base, payload, ...rest }: EncodeResult): BlobRecord {
  const { encoding, length } = rest;
  return {
    kind,
    name: bufferOf(name),
    encoding,
    base: base && bufferOf(base),
    length,
    payload: bufferOf(payload),
  };
}

/** A record in memory of its own: what is sent takes all of the memory that it shares along. */
export function chainRecord({ kind, name, encoding, base, length, payload }: BlobRecord): ChainRecord {
  const memory = { name: new Uint8Array(name), payload: new Uint8Array(payload) };
  return { kind: kind as BlobKind, encoding, base: base && new Uint8Array(base), length, ...memory };
}
