/** Gathers nodes as builders emit them, encoded where the store is, and passes them on in groups. */
import { type BlobRecord, encodeBlob, type HashAlgorithm, hashLength } from "@datadb/protocol";
import { type PackedRecords, packRecords } from "./packed-records.ts";

/** Bytes after which a group is passed on by itself. */
const GROUP_BYTES: number = 256 << 10;

/** Takes a node; `base` names a node whose content is probably similar. */
export type EmitWithBase = (name: Buffer, content: Buffer, base?: Buffer) => void;

/**
 * Collects until flush; order is kept, so children stay first. `encode` false: records stay raw, for a wire. Nodes with a
 * base stay raw as well, the base beside them: whoever can read the base encodes them.
 */
export function nodeCollector(
  hash: HashAlgorithm,
  encode: boolean,
  pass: (nodes: PackedRecords) => void,
): { emit: EmitWithBase; flush: () => void; full: () => boolean } {
  let records: BlobRecord[] = [];
  let bytes = 0;
  return {
    emit(name, content, base) {
      bytes += content.length;
      const { length } = content;
      records.push(
        encode && base === undefined
          ? encodeBlob("node", name, content)
          : { kind: "node", name, encoding: "raw", base: base ?? null, length, payload: content },
      );
    },
    flush() {
      if (records.length === 0) return;
      const group = records;
      records = [];
      bytes = 0;
      pass(packRecords("node", group, hashLength(hash)));
    },
    full: () => bytes >= GROUP_BYTES,
  };
}
