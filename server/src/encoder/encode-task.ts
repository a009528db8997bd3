/** The work of the encoder's threads: pure and synchronous. */
import { DatadbError, decodeBlob, encodeBlob, type HashAlgorithm, hashOf } from "@datadb/protocol";
import { bufferOf, type EncodeResult, type EncodeTask, type VerifyTask } from "./encode-message.ts";

/** Hashes and encodes one piece of content. */
export function encodeTask(hash: HashAlgorithm, { kind, bytes, base }: EncodeTask): EncodeResult {
  const content = bufferOf(bytes);
  const name = hashOf(hash, content);
  const options =
    base === null ? {} : { base: { name: bufferOf(base.name), content: bufferOf(base.content) } };
  const { encoding, length, payload, base: based } = encodeBlob(kind, name, content, options);
  return { name, encoding, based: based !== null, length, payload };
}

/** Whether the record decodes to content that has its name. */
export function verifyTask(hash: HashAlgorithm, { name, payload, ...rest }: VerifyTask): boolean {
  try {
    decodeBlob(hash, { ...rest, name: bufferOf(name), payload: bufferOf(payload), base: null });
    return true;
  } catch (error) {
    if (error instanceof DatadbError) return false;
    throw error;
  }
}
