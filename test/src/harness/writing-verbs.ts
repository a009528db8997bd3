/** Stores of every kind that verbs write to, and the words of each verb: what is killed, and what runs out of space. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeResult, type World } from "./command.ts";
import { treeHash } from "./compare-trees.ts";
import { randomOf } from "./random.ts";
import { makeSmallStore } from "./small-store.ts";

const WRONG_USAGE = 2;
const MIB = 1024 * 1024;
/** What a collection copies at once must have room in what is kept free. */
const SMALL_PACKS = "blobsfile: { path: blobs, maxPackBytes: 1000000 }";

/** What blobs are composed of: nothing else, encrypt, mirror (of blobs/ and copy/), or a plain store that others are copied to. */
type StoreKind = "plain" | "encrypted" | "mirrored" | "target";

export interface PreparedStore {
  path: string;
  /** A backup that must stay, and the hash of what it is of. */
  kept: string;
  hash: string;
  /** A backup that may go; its series has a newer one. Not of a target. */
  victim: string;
  /** A backup that is pinned; not of a target. */
  pinned: string;
  /** The id of a second key; of an encrypted store. */
  spareKey: string;
}

export interface WritingWorld {
  directory: string;
  world: World;
  /** What was backed up, and has changed since. */
  source: string;
  /** A key file that opens nothing yet, and the sealed keys of the encrypted store. */
  newKey: string;
  exportedKeys: string;
  /** Made when it is first asked for. To be copied, never changed. */
  store(kind: StoreKind): Promise<PreparedStore>;
}

/** A world with stores that have some backups, and garbage. `more`: bytes by which backups differ from each other. */
export async function openWritingWorld(label: string, more: number = MIB): Promise<WritingWorld> {
  const made = await makeSmallStore(label, `blobs: { ${SMALL_PACKS} }\n`);
  const { world, directory, source } = made;
  const random = randomOf(`${label} content`);
  const [other, original] = [join(directory, "other"), join(directory, "original")];
  for (const copy of [other, original]) cpSync(source, copy, { recursive: true });
  const fileOf = (name: string): string => join(directory, name);
  const [key, spare, newKey, exportedKeys] = ["key", "spare", "new key", "exported keys"].map(fileOf) as [
    string,
    string,
    string,
    string,
  ];
  const hashes = { plain: await treeHash(source), original: await treeHash(original) };
  mkdirSync(join(source, "later"));
  for (let at = 0; at < 3; at++) writeFileSync(join(source, "later", `${at}`), random.bytes(more));
  const blobsOf: Record<StoreKind, string> = {
    plain: SMALL_PACKS,
    target: SMALL_PACKS,
    encrypted: `encrypt: { key: "file:${key}", to: { ${SMALL_PACKS} } }`,
    mirrored: `mirror: [{ ${SMALL_PACKS} }, { ${SMALL_PACKS.replace("blobs,", "copy,")} }]`,
  };

  async function init(kind: StoreKind, at: readonly string[]): Promise<void> {
    if (kind === "encrypted")
      for (const file of [key, spare, newKey]) await world.summary(["key", "generate", file]);
    const config = join(directory, `${kind}.yaml`);
    writeFileSync(config, `blobs: { ${blobsOf[kind]} }\n`);
    await world.summary(["init", "--config", config, ...at]);
  }

  async function prepare(kind: StoreKind): Promise<PreparedStore> {
    const path = kind === "plain" ? made.store : join(directory, kind);
    const at = ["--store", path];
    const take = async (tree: string): Promise<string> =>
      (await world.summary(["snapshot", ...at, tree]))["backup"];
    if (kind !== "plain") await init(kind, at);
    const kept = kind === "plain" ? made.backup : await take(original);
    const hash = kind === "plain" ? hashes.plain : hashes.original;
    if (kind === "target") return { path, kept, hash, victim: "", pinned: "", spareKey: "" };
    const others: string[] = [];
    for (let version = 0; version < 3; version++) {
      writeFileSync(join(other, "noise"), random.bytes(more));
      others.push(await take(other));
    }
    await world.summary(["rm", "--yes", ...at, others[1] as string]);
    const added = kind === "encrypted" ? await world.summary(["key", "add", spare, ...at]) : {};
    if (kind === "encrypted") await world.summary(["key", "export", exportedKeys, ...at]);
    const [victim, , pinned] = others as [string, string, string];
    await world.summary(["pin", ...at, pinned]);
    return { path, kept, hash, victim, pinned, spareKey: added["id"] ?? "" };
  }

  const stores = new Map<StoreKind, Promise<PreparedStore>>();
  return {
    directory,
    world,
    source,
    newKey,
    exportedKeys,
    store(kind) {
      const there = stores.get(kind) ?? prepare(kind);
      stores.set(kind, there);
      return there;
    },
  };
}

/** A verb that writes, as its tests know it. */
export interface WritingVerb {
  kind: StoreKind;
  /** Without the place. */
  words: (writing: WritingWorld, store: PreparedStore) => string[];
  /** Where it writes: the option's name, `--store` when absent. */
  place?: "--to";
  /** What is done to the copy of the store before. */
  before?: (store: string) => void;
  /** It can be run again, and then completes what it began; with these words when its own are wrong by then. */
  repeatable?: true | string[];
  /** What it says on a full disk, when that is no error of the store's. */
  says?: RegExp;
  /** Until it is done the store cannot be opened. */
  closed?: boolean;
  /** It makes room itself, or writes so little that it never fails on a full disk. */
  always?: boolean;
}

/** Runs again what was cut short, to its end; nothing when the verb does not go on where it was. */
export async function complete(
  world: World,
  { repeatable }: WritingVerb,
  words: readonly string[],
): Promise<void> {
  if (repeatable === undefined) return;
  const result = await world.run(words);
  if (result.code === 0) return;
  if (result.code !== WRONG_USAGE || repeatable === true) throw new Error(describeResult(words, result));
  await world.summary([...repeatable, ...words.slice(-2)]);
}

/** Spoils the header of the first pack of nodes: something to repair that costs nothing but a new index. */
function damageHeader(store: string): void {
  const pack = join(store, "blobs", "nodes-00001");
  const bytes = readFileSync(pack);
  bytes[20]! ^= 1;
  writeFileSync(pack, bytes);
}

/** Spoils every copy of the sealed keys. */
function loseKeys(store: string): void {
  for (const name of readdirSync(join(store, "blobs"))) {
    const pack = join(store, "blobs", name);
    const bytes = readFileSync(pack);
    for (let at = bytes.indexOf("dKey"); at >= 0; at = bytes.indexOf("dKey", at + 1)) bytes[at + 40]! ^= 1;
    writeFileSync(pack, bytes);
  }
}

export const WRITING_VERBS: Readonly<Record<string, WritingVerb>> = {
  snapshot: { kind: "plain", words: ({ source }) => ["snapshot", source] },
  tag: { kind: "plain", words: (_, { kept }) => ["tag", "--add", "kept", kept] },
  pin: { kind: "plain", words: (_, { kept }) => ["pin", kept] },
  unpin: { kind: "plain", words: (_, { pinned }) => ["unpin", pinned] },
  rm: { kind: "plain", words: (_, { victim }) => ["rm", "--yes", victim], always: true },
  forget: { kind: "plain", words: () => ["forget", "--keep-last", "1", "--yes"], always: true },
  gc: { kind: "plain", words: () => ["gc"], always: true, repeatable: true },
  rebuild: { kind: "plain", words: () => ["rebuild"], repeatable: true },
  "check --repair": {
    kind: "plain",
    words: () => ["check", "--repair"],
    before: damageHeader,
    repeatable: true,
  },
  copy: {
    kind: "target",
    words: (writing) => ["copy", "--all", "--store", join(writing.directory, "store")],
    place: "--to",
    repeatable: true,
  },
  "mirror sync": {
    kind: "mirrored",
    words: () => ["mirror", "sync", "--refill", "2"],
    before: (store) => rmSync(join(store, "copy"), { recursive: true }),
    repeatable: ["mirror", "sync"],
    says: /"state":"down","reason":"cannot (write to|open for writing) .*: no space is left"/,
  },
  "key add": { kind: "encrypted", words: ({ newKey }) => ["key", "add", newKey] },
  "key remove": { kind: "encrypted", words: (_, { spareKey }) => ["key", "remove", spareKey] },
  "key rotate": { kind: "encrypted", words: () => ["key", "rotate", "--reseal"], repeatable: true },
  "key import": {
    kind: "encrypted",
    words: ({ exportedKeys }) => ["key", "import", exportedKeys],
    before: loseKeys,
    closed: true,
    repeatable: true,
  },
};
