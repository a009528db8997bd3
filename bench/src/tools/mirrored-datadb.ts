/** datadb with everything kept twice: the same command, and a mirror of two directories. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { datadb } from "./datadb.ts";
import type { Tool } from "./tool.ts";

/** The name of the tool in reports. */
export const MIRRORED = "datadb mirrored";

export function mirroredDatadb(): Tool {
  const plain = datadb();
  return {
    ...plain,
    name: MIRRORED,
    repository: (path) => {
      const repository = plain.repository(path);
      const { env } = repository.init;
      const config = join(path, "..", "mirrored.yaml");
      return {
        ...repository,
        get init() {
          writeFileSync(
            config,
            "blobs: { mirror: [ { blobsfile: { path: blobs } }, { blobsfile: { path: copy } } ] }\n",
          );
          return {
            program: "datadb",
            words: ["init", "--store", path, "--config", config],
            ...(env && { env }),
          };
        },
      };
    },
  };
}
