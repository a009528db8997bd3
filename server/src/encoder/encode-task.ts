/** The work of the encoder's threads: pure and synchronous. */
import {
  DatadbError,
  decodeBlob,
  type Effort,
  encodeAnew,
  encodeOnChain,
  type HashAlgorithm,
  hashOf,
} from "@datadb/protocol";
import {
  type AnewTask,
  bufferOf,
  type EncodeResult,
  type EncodeTask,
  recordOf,
  type VerifyTask,
} from "./encode-message.ts";

/** Hashes and encodes one piece of content. `effort`: see encodeOnChain. */
export function encodeTask(
  hash: HashAlgorithm,
  { kind, bytes, chain }: EncodeTask,
  effort?: Effort,
): EncodeResult {
  const content = bufferOf(bytes);
  const name = hashOf(hash, content);
  const members = (chain ?? []).map((member) => recordOf(member.kind, member));
  const { encoding, length, payload, base } = encodeOnChain(hash, kind, name, content, members, effort);
  return { name, encoding, base, length, payload };
}

/** Whether the last record of the chain decodes to content that has its name. */
export function verifyTask(hash: HashAlgorithm, chain: VerifyTask): boolean {
  try {
    let content: Buffer | undefined;
    for (const link of chain) content = decodeBlob(hash, recordOf(link.kind, link), content);
    return true;
  } catch (error) {
    if (error instanceof DatadbError) return false;
    throw error;
  }
}

/** A stored record in another encoding; null when that cannot be done. */
export function anewTask(hash: HashAlgorithm, { chain, base }: AnewTask): EncodeResult | null {
  const records = chain.map((member) => recordOf(member.kind, member));
  return encodeAnew(hash, records, base) ?? null;
}
