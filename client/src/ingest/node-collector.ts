/** Gathers nodes as builders emit them, encoded where the store is, and passes them on in groups. */
import { type BlobRecord, type EmitNode, encodeBlob, type HashAlgorithm, hashLength } from "@datadb/protocol";
import { type PackedRecords, packRecords } from "./packed-records.ts";

/** Bytes after which a group is passed on by itself. */
const GROUP_BYTES: number = 256 << 10;

/** Collects until flush; order is kept, so children stay first. `encode` false: records stay raw, for a wire. */
export function nodeCollector(
  hash: HashAlgorithm,
  encode: boolean,
  pass: (nodes: PackedRecords) => void,
): { emit: EmitNode; flush: () => void; full: () => boolean } {
  let records: BlobRecord[] = [];
  let bytes = 0;
  return {
    emit(name, content) {
      bytes += content.length;
      records.push(
        encode
          ? encodeBlob("node", name, content)
          : { kind: "node", name, encoding: "raw", base: null, length: content.length, payload: content },
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
