/** Reads a whole View into the form of the model, for model tests. */
import type { View } from "../database.ts";
import type { KeyType } from "./header.ts";
import type { Model, ModelValue } from "./random-operations.ts";
import { hashEntries, hashLength } from "./read-hash.ts";
import { countKeys, scanKeys } from "./read-keys.ts";
import { listLength, listRange } from "./read-list.ts";
import { setMembers, setSize } from "./read-set.ts";
import { readString } from "./read-string.ts";

async function readValue(view: View, database: Buffer, key: Buffer, type: KeyType): Promise<ModelValue> {
  if (type === "string")
    return { type, value: readString(view, database, key)?.toString("latin1") ?? "absent" };
  const elements = new Map<string, string>();
  let count = 0;
  if (type === "hash") {
    for (const [field, value] of await hashEntries(view, database, key))
      elements.set(field.toString("latin1"), value.toString("latin1"));
    count = hashLength(view, database, key);
  } else if (type === "set") {
    for (const member of await setMembers(view, database, key)) elements.set(member.toString("latin1"), "");
    count = setSize(view, database, key);
  } else {
    for (const [index, value] of await listRange(view, database, key))
      elements.set(String(index), value.toString("latin1"));
    count = listLength(view, database, key);
  }
  if (count !== elements.size)
    throw new Error(`${type} ${key.toString("hex")} counts ${count} elements and has ${elements.size}`);
  return { type, elements };
}

export async function readModel(view: View): Promise<Model> {
  const model: Model = new Map();
  for (const database of await view.databases()) {
    let keys = 0;
    for await (const page of scanKeys(view, database)) {
      for (const [key, type] of page) {
        model.set(
          `${database.toString("latin1")}\n${key.toString("latin1")}`,
          await readValue(view, database, key, type),
        );
        keys += 1;
      }
    }
    if (keys !== (await countKeys(view, database))) throw new Error("the number of keys is wrong");
  }
  return model;
}

/** The model as sorted text, to be compared. */
export function modelText(model: Model): string[] {
  const lines = [...model].map(([id, value]) => {
    if (value.type === "string") return `${JSON.stringify(id)} string ${JSON.stringify(value.value)}`;
    const elements = [...value.elements].sort(([a], [b]) => (a < b ? -1 : 1));
    return `${JSON.stringify(id)} ${value.type} ${JSON.stringify(elements)}`;
  });
  return lines.sort();
}
