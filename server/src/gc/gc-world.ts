/** For tests of garbage collection: a store that can crash, and a model of what must be restorable. */
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSimulatedFileSystem, type Random, type SimulatedFileSystem } from "@datadb/backends/suite";
import {
  DirectoryBuilder,
  decodeMeta,
  encodeMeta,
  formatHex,
  hashOf,
  ListBuilder,
  type Reply,
  ReplyError,
  readDirectory,
  readList,
} from "@datadb/protocol";
import type { Database } from "../database.ts";
import { serverState } from "../session/server-state.ts";
import { Session } from "../session/session.ts";
import { createStore } from "../store/create-store.ts";
import { type OpenOptions, openDatabase } from "../store/open-database.ts";
import { threadless } from "../testing/threadless-encoder.ts";

/** Content by file name; a file is several chunks. */
export type Files = Map<string, Buffer[]>;

/** One life of a store, between two crashes. */
interface Life {
  readonly directory: string;
  readonly disk: SimulatedFileSystem;
  readonly database: Database;
}

export interface GcWorld {
  life: Life;
  /** Milliseconds since 1970; may jump. */
  now: number;
  readonly warnings: string[];
  /** By backup id: what is listed for certain. */
  readonly listed: Map<string, Files>;
  /** Listed or not: the answer to their TXCOMMIT or FORGET never came. */
  readonly unsure: Map<string, Files>;
}

/** Where syncs cost nothing: packs are simulated, and LevelDB is copied, not cut off. */
const place = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

const CONFIG = "blobs:\n  blobsfile: { path: blobs, maxPackBytes: 4096 }\n";

async function openLife(
  world: Omit<GcWorld, "life">,
  directory: string,
  disk: SimulatedFileSystem,
): Promise<Life> {
  const options: OpenOptions = {
    encoder: threadless,
    fs: { ...disk, freeBytes: everySecondFull() },
    now: () => world.now,
    warn: (message) => world.warnings.push(message),
    checkpointEvery: 20,
  };
  const database = await openDatabase(directory, options);
  serverState(database).report = (error) => world.warnings.push(String((error as Error).stack));
  return { directory, disk, database };
}

/** Packs are emptied at once and piece by piece in turn: see compact of the blobsfile backend. */
function everySecondFull(): () => Promise<number> {
  let asked = 0;
  return async () => (asked++ % 2 === 0 ? 0 : Number.POSITIVE_INFINITY);
}

export async function createGcWorld(): Promise<GcWorld> {
  const directory = mkdtempSync(join(place, "datadb-gc-"));
  await createStore(directory, { config: CONFIG });
  const world = { now: Date.UTC(2026, 0, 1), warnings: [], listed: new Map(), unsure: new Map() };
  return Object.assign(world, { life: await openLife(world, directory, createSimulatedFileSystem()) });
}

/** Power fails now; what was under way goes on into the void. The store is opened as it is found. */
export async function crash(world: GcWorld, random: Random): Promise<void> {
  const { life } = world;
  const directory = mkdtempSync(join(place, "datadb-gc-"));
  // At one moment: nothing is awaited between the two.
  const disk = life.disk.crash(() => random.pick([0, 0.5, 1]));
  copyAtOneMoment(life.directory, directory);
  const end = life.database.close().catch(() => undefined);
  const moved = createSimulatedFileSystem();
  await moved.makeDirectory(join(directory, "blobs"));
  const old = join(life.directory, "blobs");
  for (const file of await disk.list(old).catch(() => []))
    moved.overwrite(join(directory, "blobs", file), disk.content(join(old, file))!);
  await end;
  rmSync(life.directory, { recursive: true, force: true });
  world.life = await openLife(world, directory, moved);
}

/** LevelDB's own thread adds and removes files meanwhile: a copy counts when the same ones were there before and after it. */
function copyAtOneMoment(from: string, to: string): void {
  const names = (): string => readdirSync(from, { recursive: true }).sort().join("\n");
  for (;;) {
    try {
      const before = names();
      cpSync(from, to, { recursive: true });
      if (names() === before) return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    rmSync(to, { recursive: true, force: true });
  }
}

export async function closeWorld({ life }: GcWorld): Promise<void> {
  await life.database.close();
  rmSync(life.directory, { recursive: true, force: true });
}

/** One command; rejects with the ReplyError that it answers. */
export async function call(session: Session, ...words: (string | Buffer)[]): Promise<Reply> {
  const reply = await session.execute(words.map((one) => (Buffer.isBuffer(one) ? one : Buffer.from(one))));
  if (reply instanceof ReplyError) throw reply;
  return reply;
}

const nameOf = (content: Buffer): Buffer => hashOf("sha256", content);

/** Sends what the store does not say it has, children first; answers the root's name. `hint` names a chunk's base, as clients do. */
export async function upload(
  session: Session,
  files: Files,
  hint: (chunk: Buffer) => Buffer | undefined,
  random: Random,
): Promise<Buffer> {
  const nodes: [Buffer, Buffer][] = [];
  const emit = (name: Buffer, content: Buffer): void => void nodes.push([name, content]);
  const directory = new DirectoryBuilder("sha256", emit);
  for (const [name, chunks] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const list = new ListBuilder("sha256", emit);
    for (const content of chunks) {
      const chunk = nameOf(content);
      const there = await call(session, "BEXISTS", chunk.toString("hex"), "KIND", "data");
      const hinted = hint(content);
      const base = hinted === undefined ? [] : ["BASE", hinted.toString("hex")];
      if (there === 0) await call(session, "BPUT", content, "KIND", "data", ...base);
      list.add({ name: chunk, length: content.length });
    }
    const { ref, bytes } = list.finish();
    const meta = {
      name: Buffer.from(name),
      type: "file" as const,
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtime: 0n,
      size: bytes,
      ...ref,
    };
    directory.add(encodeMeta(meta), meta.name, 1, bytes);
  }
  const built = directory.finish();
  const root = encodeMeta({
    ...{ name: Buffer.from("root"), type: "directory", mode: 0o755, uid: 0, gid: 0, mtime: 0n },
    ...{ size: built.bytes, entries: built.entries },
    ...(built.directory === null ? {} : { directory: built.directory }),
  });
  nodes.push([nameOf(root), root]);
  let last: Buffer | null = null;
  for (const [name, content] of nodes) {
    const there = await call(session, "BEXISTS", name.toString("hex"), "KIND", "node");
    const base = last !== null && random.integer(3) === 0 ? ["BASE", last.toString("hex")] : [];
    if (there === 0) await call(session, "BPUT", content, "KIND", "node", ...base);
    last = name;
  }
  return nameOf(root);
}

/** Lists a backup of what was uploaded; answers its id. */
export async function list(session: Session, path: string, ref: Buffer): Promise<string> {
  await call(session, "TXINIT");
  try {
    const [id] = (await call(session, "BACKUP", "host", path, ref.toString("hex"))) as [string];
    await call(session, "TXCOMMIT");
    return id;
  } catch (error) {
    await call(session, "TXDISCARD").catch(() => undefined);
    throw error;
  }
}

/** The content below a root meta, read by commands. */
export async function readBack(session: Session, ref: string): Promise<Files> {
  const fetch = (names: readonly Buffer[]): Promise<Buffer[]> =>
    Promise.all(
      names.map(async (name) => {
        const content = await call(session, "BGET", formatHex(name), "KIND", "node");
        if (!Buffer.isBuffer(content)) throw new Error(`node ${formatHex(name)} is not there`);
        return content;
      }),
    );
  const [root] = await fetch([Buffer.from(ref, "hex")]);
  const files: Files = new Map();
  for await (const meta of readDirectory(fetch, "sha256", decodeMeta(root!).directory)) {
    const chunks: Buffer[] = [];
    for await (const { name } of readList(fetch, "sha256", meta, meta.size)) {
      const content = await call(session, "BGET", formatHex(name!), "KIND", "data");
      if (!Buffer.isBuffer(content)) throw new Error(`data ${formatHex(name!)} is not there`);
      chunks.push(content);
    }
    files.set(meta.name.toString(), chunks);
  }
  return files;
}

export function newSession({ life }: GcWorld): Session {
  return new Session(life.database, { address: "test" });
}

/** Closes the store in good order, lets `between` do something to it, and opens it again. */
export async function reopen(
  world: GcWorld,
  between: (life: GcWorld["life"]) => Promise<void>,
): Promise<void> {
  const { life } = world;
  await life.database.close();
  await between(life);
  world.life = await openLife(world, life.directory, life.disk);
}
