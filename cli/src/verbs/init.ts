/** datadb init: makes a store. */
import { readFileSync } from "node:fs";
import { UsageError } from "@datadb/protocol";
import type { Output } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { knownStores } from "../store/known-stores.ts";
import { storePath } from "../store/store-path.ts";
import type { Verb } from "../verb.ts";

export const init: Verb = {
  name: "init",
  summary: "Make a store",
  usage: "[--hash sha256|sha1] [--config FILE]",
  description: [
    "Makes an empty store in the directory of --store, which must be empty or absent. snapshot and server make a store " +
      "by themselves when there is none; init is for choosing what cannot be changed later.",
  ],
  options: [
    {
      name: "hash",
      value: "NAME",
      help: "the hash that names all content: sha256 (default) or sha1",
      completes: ["sha256", "sha1"],
    },
    {
      name: "config",
      value: "FILE",
      help: "begin with this configuration (docs/configuration.md)",
      completes: "file",
    },
    { name: "forget-known", help: "make it although another store was known at this path" },
  ],
  operands: { least: 0, most: 0 },
  examples: [
    { line: "datadb init --store /srv/backup", does: "Make a store on a disk of its own" },
    { line: "datadb init --hash sha1", does: "Name content by SHA-1, as older tools of this family do" },
  ],
  async run({ arguments: args, output, environment }) {
    const { createStore, readConfig, weakSpots } = await import("@datadb/server");
    if (args.text("server") !== undefined) {
      throw new UsageError("a remote store cannot be made from here", "run datadb init on its machine");
    }
    const hash = args.text("hash") ?? "sha256";
    if (hash !== "sha256" && hash !== "sha1")
      throw new UsageError(`--hash is ${hash}`, "choose sha256 or sha1");
    const directory = storePath(args.text("store"), environment);
    const known = knownStores(environment);
    if (args.flag("forget-known")) known.forget(directory);
    known.checkPresent(directory);
    const file = args.text("config");
    const store = await createStore(directory, {
      hash,
      ...(file ? { config: readText(file) } : {}),
    });
    known.check(directory, store.id);
    const { algorithm, min, avg, max } = store.chunker;
    output.note(`made store ${printable(directory)}`);
    output.note(
      `id ${store.id}, names ${hash}, chunks ${algorithm} ${min / 1024}/${avg / 1024}/${max / 1024} KiB`,
    );
    await checkKeys(directory, output);
    for (const spot of weakSpots((await readConfig(directory)).blobs)) output.warn(spot);
    output.record({ type: "summary", store: directory, id: store.id, hash, chunker: store.chunker });
    return 0;
  },
};

/** The options of everything in a configuration that encrypts. */
function encrypting(config: unknown): Record<string, unknown>[] {
  if (typeof config !== "object" || config === null) return [];
  return Object.entries(config).flatMap(([key, value]) =>
    key === "encrypt" ? [value as Record<string, unknown>, ...encrypting(value)] : encrypting(value),
  );
}

/** Now, not at the first backup: a key that is missing or not kept well is told. */
async function checkKeys(directory: string, output: Output): Promise<void> {
  const { readConfig: readStoreConfig, readSecret } = await import("@datadb/server");
  const found = encrypting((await readStoreConfig(directory)).blobs);
  for (const options of found)
    for (const type of ["key", "passphrase"] as const) {
      const reference = options[type];
      if (typeof reference === "string") await readSecret(type, `encrypt.${type}`, reference, directory);
    }
  if (found.length > 0)
    output.note(
      "it is encrypted. Without its key or passphrase nobody can ever read it: keep a copy of the key elsewhere",
    );
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const next = "give a file with the text of a config.yaml";
    throw new UsageError(`--config ${file}: ${(cause as Error).message}`, { next, cause });
  }
}
