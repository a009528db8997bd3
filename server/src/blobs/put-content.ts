/** Content from the wire: hashed and encoded in the pool, then put. */
import { type BlobRecord, ColdDataError, isDamage, MAX_BLOB_BYTES, ReplyError } from "@datadb/protocol";
import type { BlobKind, Lease } from "../database.ts";
import type { BlobState } from "./blob-state.ts";
import { hasBlobs } from "./has-blobs.ts";
import { MissingChildError } from "./missing-child-error.ts";
import { putRecords } from "./put-records.ts";
import { readChain } from "./read-contents.ts";

/** The records of a hinted base, which is protected from now on; empty when there is no such base, it is damaged, or it would have to be retrieved first. */
async function findBase(
  state: BlobState,
  kind: BlobKind,
  name: Buffer | undefined,
  lease: Lease | undefined,
): Promise<BlobRecord[]> {
  if (name === undefined) return [];
  try {
    const [there] = await hasBlobs(state, kind, [name], lease);
    const [record] = there === 1 ? await state.backend.getMany(kind, [name]) : [];
    return record ? await readChain(state.backend, record) : [];
  } catch (error) {
    if (isDamage(error) || error instanceof ColdDataError) return [];
    throw error;
  }
}

/** See BlobStore.putContent. */
export async function putContent(
  state: BlobState,
  kind: BlobKind,
  content: Buffer,
  options: { base?: Buffer; lease?: Lease | undefined },
): Promise<Buffer> {
  if (options.base === undefined || kind === "node") return putEncodable(state, kind, content, options);
  const { base: _, ...without } = options;
  // The encoder takes the memory.
  const copy = Buffer.from(content);
  try {
    return await putEncodable(state, kind, content, options);
  } catch (error) {
    // A garbage collection has taken what the base was made of; the hint was no more than one.
    if (!(error instanceof MissingChildError)) throw error;
    return await putEncodable(state, kind, copy, without);
  }
}

async function putEncodable(
  state: BlobState,
  kind: BlobKind,
  content: Buffer,
  options: { base?: Buffer; lease?: Lease | undefined },
): Promise<Buffer> {
  if (content.length > MAX_BLOB_BYTES) throw new ReplyError(`ERR a blob has at most ${MAX_BLOB_BYTES} bytes`);
  const { length } = content;
  const encoding = (async () => {
    await state.gate.enter(length);
    try {
      return await state.encoder.encode(
        kind,
        content,
        await findBase(state, kind, options.base, options.lease),
      );
    } finally {
      state.gate.leave(length);
    }
  })();
  // Until its put is registered under its name, a node that refers to it waits for this.
  const registered = encoding.then((record) => {
    const put = putOnce(state, record, options.lease);
    return { name: record.name, put };
  });
  state.hashing.add(registered);
  const settle = (): void => {
    state.hashing.delete(registered);
  };
  registered.then(settle, settle);
  const { name, put } = await registered;
  await put;
  return name;
}

type Record = Awaited<ReturnType<BlobState["encoder"]["encode"]>>;

/** The same content may be on its way already: then its end is this one's too. */
function putOnce(state: BlobState, record: Record, lease: Lease | undefined): Promise<void> {
  const other = state.inFlight.end(record.kind as BlobKind, record.name);
  if (other === undefined) return putRecords(state, [record], lease);
  return other.then(() => lease?.note(record.kind as BlobKind, [record.name]));
}
