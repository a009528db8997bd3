/** datadb with everything sealed: the same command, and a key beside the store. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { datadb } from "./datadb.ts";
import type { Tool } from "./tool.ts";

/** The name of the tool in reports. */
export const ENCRYPTED = "datadb encrypted";

export function encryptedDatadb(): Tool {
  const plain = datadb();
  return {
    ...plain,
    name: ENCRYPTED,
    repository: (path) => {
      const repository = plain.repository(path);
      const { env } = repository.init;
      const [key, config] = [join(path, "..", "key"), join(path, "..", "encrypted.yaml")];
      return {
        ...repository,
        get init() {
          writeFileSync(
            config,
            `blobs: { encrypt: { key: "file:${key}", to: { blobsfile: { path: blobs } } } }\n`,
          );
          const make = 'datadb key generate "$1" && exec datadb init --store "$0" --config "$2"';
          return { program: "sh", words: ["-c", make, path, key, config], ...(env && { env }) };
        },
      };
    },
  };
}
