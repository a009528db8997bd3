/** datadb key import: the sealed keys come back to a store that has lost its own. */
import { readFile } from "node:fs/promises";
import { UsageError } from "@datadb/protocol";
import { EXIT } from "../exit-code.ts";
import type { VerbContext } from "../verb.ts";
import { withKeys } from "./with-keys.ts";

export async function importKeys(context: VerbContext, [path = ""]: readonly string[]): Promise<number> {
  const { output } = context;
  const keyRecord = await readFile(path).catch((cause: Error) => {
    throw new UsageError(`${path} cannot be read: ${cause.message}`, {
      next: "give a file that datadb key export has made",
      cause,
    });
  });
  return withKeys(
    context,
    async (keys) => {
      const imported = keys.export().equals(keyRecord);
      output.note(
        imported
          ? `${keys.description} has the keys of the file`
          : `${keys.description} has keys of its own, and they open: nothing was imported`,
      );
      output.record({ type: "summary", backend: keys.description, file: path, imported });
      return imported ? EXIT.done : EXIT.failed;
    },
    keyRecord,
  );
}
