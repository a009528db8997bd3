/** datadb key list: what opens the store, and which data keys it has. */
import type { StoreKeys } from "@datadb/server";
import { EXIT } from "../exit-code.ts";
import { alignColumns } from "../output/align-columns.ts";
import { formatTime } from "../output/format-time.ts";
import { printable } from "../output/printable.ts";
import type { VerbContext } from "../verb.ts";
import { keyFields } from "./key-fields.ts";
import { withAllKeys } from "./with-keys.ts";

export function listKeys(context: VerbContext): Promise<number> {
  const { output } = context;
  return withAllKeys(context, async (all) => {
    for (const keys of all) {
      if (all.length > 1) output.line(printable(keys.description));
      for (const line of tableOf(keys, (text) => output.style("bold", text))) output.line(line);
      for (const slot of keys.slots())
        output.record({ type: "key", backend: keys.description, ...keyFields(slot) });
    }
    output.record({
      type: "summary",
      backends: all.map((keys) => ({
        backend: keys.description,
        keys: keys.slots().length,
        epochs: keys
          .epochs()
          .map(({ epoch, created }) => ({ epoch, created: new Date(created).toISOString() })),
      })),
    });
    return EXIT.done;
  });
}

function tableOf(keys: StoreKeys, heading: (text: string) => string): string[] {
  const rows = keys
    .slots()
    .map(({ id, type, created, label, current }) => [
      id,
      type,
      formatTime(new Date(created)),
      `${printable(label)}${current ? `${label === "" ? "" : " "}(in use)` : ""}`,
    ]);
  const epochs = keys.epochs();
  const last = epochs.at(-1)!;
  return [
    ...alignColumns([["ID", "OPENS WITH", "ADDED", "LABEL"].map(heading), ...rows], []),
    `data key ${last.epoch} of ${formatTime(new Date(last.created))} seals${epochs.length > 1 ? `, ${epochs.length - 1} older open` : ""}`,
  ];
}
