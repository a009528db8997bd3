/** Reads what a client must know of a store from the section Store of INFO. */
import { type HashAlgorithm, isChunkerAlgorithm, WrongReplyError } from "@datadb/protocol";
import type { StoreFacts } from "../connection.ts";

/** @param info the text of INFO. Throws WrongReplyError when it does not describe a datadb store. */
export function parseStoreFacts(info: string): StoreFacts {
  const fields = new Map(
    info.split(/\r?\n/).flatMap((line): [string, string][] => {
      const colon = line.indexOf(":");
      return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
    }),
  );
  const id = fields.get("store_id");
  const hash = fields.get("store_hash");
  const [algorithm, ...sizes] = (fields.get("store_chunker") ?? "").split(":");
  const [min, avg, max] = sizes.map(Number);
  if (id === undefined || (hash !== "sha256" && hash !== "sha1") || !isChunkerAlgorithm(algorithm)) {
    throw new WrongReplyError("the server's INFO does not describe a datadb store", {
      next: "check that the address is a datadb server of this version, not another Redis server",
    });
  }
  const known: HashAlgorithm = hash;
  const chunker: StoreFacts["chunker"] = { algorithm, min: min ?? 0, avg: avg ?? 0, max: max ?? 0 };
  return { id, hash: known, chunker, timezone: fields.get("store_timezone") || "UTC" };
}
