/** datadb key: keys and passphrases of a store that encrypts. */
import { UsageError } from "@datadb/protocol";
import { EXIT } from "../exit-code.ts";
import type { Verb, VerbContext } from "../verb.ts";

type Action = (context: VerbContext, operands: readonly string[]) => Promise<number>;

/** Each with its number of operands, least and most, and what they are. */
const ACTIONS: Readonly<
  Record<string, { operands: [number, number]; usage: string; load(): Promise<Action> }>
> = {
  generate: {
    operands: [1, 1],
    usage: "generate FILE",
    load: async () => (await import("../key/generate-key.ts")).generateKey,
  },
  list: { operands: [0, 0], usage: "list", load: async () => (await import("../key/list-keys.ts")).listKeys },
  add: {
    operands: [0, 1],
    usage: "add FILE, or add --passphrase",
    load: async () => (await import("../key/add-key.ts")).addKey,
  },
  remove: {
    operands: [1, 1],
    usage: "remove ID",
    load: async () => (await import("../key/remove-key.ts")).removeKey,
  },
  rotate: {
    operands: [0, 0],
    usage: "rotate [--reseal]",
    load: async () => (await import("../key/rotate-keys.ts")).rotateKeys,
  },
  reseal: {
    operands: [0, 0],
    usage: "reseal",
    load: async () => (await import("../key/rotate-keys.ts")).resealRecords,
  },
  export: {
    operands: [1, 1],
    usage: "export FILE",
    load: async () => (await import("../key/export-keys.ts")).exportKeys,
  },
  import: {
    operands: [1, 1],
    usage: "import FILE",
    load: async () => (await import("../key/import-keys.ts")).importKeys,
  },
};

export const keyVerb: Verb = {
  name: "key",
  summary: "Make keys, and say who may open an encrypted store",
  usage: "generate|list|add|remove|rotate|reseal|export|import [FILE|ID]",
  description: [
    "generate FILE makes a key file, for config.yaml (blobs: { encrypt: { key: file:FILE, to: ... } }) or for key add. The others work on a " +
      "store that encrypts; nobody else can have it open meanwhile. list shows the keys and passphrases that open it, add FILE (or " +
      "add --passphrase) and remove ID change them. rotate makes a new data key for what is stored from now on; with --reseal, or later with reseal, older " +
      "data is sealed anew, which may be interrupted and goes on where it was.",
    "export FILE writes the store's sealed keys to a file, which opens with the same keys and passphrases; import FILE puts them back where " +
      "the store has lost its own. Without a key or passphrase nobody can read the store any more: there is no other way in.",
  ],
  options: [
    { name: "label", value: "TEXT", help: "add: what to call the key in lists", completes: "nothing" },
    {
      name: "passphrase",
      value: "WHERE",
      optionalValue: true,
      help: "add: a passphrase, asked for, or from env:NAME or file:PATH",
      completes: "nothing",
    },
    { name: "reseal", help: "rotate: also seal older data with the new key" },
    {
      name: "backend",
      value: "TEXT",
      help: "of several backends that encrypt, the one with this in its name",
      completes: "nothing",
    },
  ],
  operands: { least: 1, most: 2, completes: Object.keys(ACTIONS) },
  examples: [
    { line: "datadb key generate /etc/datadb/key", does: "A new key file, readable by its owner only" },
    { line: "datadb key add --label safe /mnt/stick/key", does: "A second key opens the store" },
    { line: "datadb key add --passphrase", does: "So does a passphrase, which is asked for" },
    { line: "datadb key rotate --reseal", does: "A new data key, also for what is stored already" },
  ],
  exits: { [EXIT.damaged]: "the sealed keys, or what they seal, was changed or is lost" },
  run: async (context) => {
    const [name = "", ...operands] = context.arguments.operands;
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (action === undefined)
      throw new UsageError(
        `datadb key does not know ${name}`,
        `give one of ${Object.keys(ACTIONS).join(", ")}`,
      );
    const [least, most] = action.operands;
    if (operands.length < least || operands.length > most)
      throw new UsageError(
        `key ${name} cannot work on ${operands.join(" ") || "nothing"}`,
        `datadb key ${action.usage}`,
      );
    return (await action.load())(context, operands);
  },
};
