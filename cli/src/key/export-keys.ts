/** datadb key export: the sealed keys of a store as a file. */
import { EXIT } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import type { VerbContext } from "../verb.ts";
import { withKeys } from "./with-keys.ts";
import { writePrivate } from "./write-private.ts";

export function exportKeys(context: VerbContext, [path = ""]: readonly string[]): Promise<number> {
  const { output } = context;
  return withKeys(context, async (keys) => {
    await writePrivate(path, keys.export());
    output.note(`wrote the sealed keys to ${printable(path)}; export them again after every change of keys`);
    output.record({ type: "summary", backend: keys.description, file: path });
    return EXIT.done;
  });
}
