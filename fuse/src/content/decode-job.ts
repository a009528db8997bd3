/** What a decoding thread is told of records that were read already. */
import type { BlobRecord, HashAlgorithm } from "@datadb/protocol";
import type { DecodeJob, PackedRecord, TellSlab } from "./decode-messages.ts";
import type { Slab } from "./slab-pool.ts";

export function payloadBytes(chains: readonly BlobRecord[][]): number {
  let bytes = 0;
  for (const chain of chains) for (const { payload } of chain) bytes += payload.length;
  return bytes;
}

/** Payloads are often views of one large buffer: only what they show is sent. */
export function decodeJob(
  tell: TellSlab,
  hash: HashAlgorithm,
  chains: readonly BlobRecord[][],
  payloads: Slab,
  contents: Slab,
): DecodeJob {
  let at = 0;
  const packed = chains.map((chain) =>
    chain.map(({ payload, name, base, ...rest }): PackedRecord => {
      payload.copy(payloads.view, at);
      const from = at;
      at += payload.length;
      return {
        ...rest,
        name: Uint8Array.from(name),
        base: base === null ? null : Uint8Array.from(base),
        from,
        to: at,
      };
    }),
  );
  return { kind: "decode", hash, payloads: tell(payloads), contents: tell(contents), chains: packed };
}
