/** datadb key remove: a key or passphrase opens the store no more. */
import { EXIT } from "../exit-code.ts";
import type { VerbContext } from "../verb.ts";
import { keyFields, keyName } from "./key-fields.ts";
import { withKeys } from "./with-keys.ts";

export function removeKey(context: VerbContext, [id = ""]: readonly string[]): Promise<number> {
  const { output } = context;
  return withKeys(context, async (keys) => {
    const removed = await keys.remove(id);
    output.note(`${keyName(removed)} does not open ${keys.description} any more`);
    output.note("those who had it may have copied what it opened: only a new store keeps that from them");
    output.record({ type: "summary", backend: keys.description, ...keyFields(removed) });
    return EXIT.done;
  });
}
