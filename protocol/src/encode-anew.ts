/** Encodes what is stored already against another base, or without one, so that it does not need its own any more. */
import { decodeLinks } from "./decode-links.ts";
import { CHANGED_LEVEL, decodePayload, encodeBlob } from "./encoding.ts";
import type { HashAlgorithm } from "./hash.ts";
import type { BlobRecord } from "./kinds.ts";

/**
 * The last of `chain` (before it the records that it needs, the first base first) as a delta against the member with the number `base`, or whole when
 * that is null or a delta does not pay. Undefined when a member is damaged, or when the new record does not give the same content back:
 * the old one is about to go.
 */
export function encodeAnew(
  hash: HashAlgorithm,
  chain: readonly BlobRecord[],
  base: number | null,
): BlobRecord | undefined {
  const links = decodeLinks(hash, chain);
  const last = links?.at(-1);
  if (links === undefined || last === undefined) return undefined;
  const { content } = last;
  const { kind, name } = last.record;
  const link = base === null ? undefined : links[base];
  const target = link && { name: link.record.name, content: link.content };
  const record = encodeBlob(kind, name, content, { level: CHANGED_LEVEL, ...(target && { base: target }) });
  const again = decodePayload(record, record.base === null ? undefined : target?.content);
  return again.equals(content) ? record : undefined;
}
