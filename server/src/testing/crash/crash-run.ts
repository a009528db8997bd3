/** A run over a recorded disk: commits of all kinds, what each of them promised and when, and the databases at every moment. */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { diskOf, type Random, type RecordedDisk, recordDisk } from "@datadb/backends/suite";
import { DirectoryBuilder, encodeMeta, hashOf } from "@datadb/protocol";
import type { Database } from "../../database.ts";
import { createStore } from "../../store/create-store.ts";
import { openDatabase } from "../../store/open-database.ts";
import { threadless } from "../threadless-encoder.ts";
import { fastDirectory } from "./fast-directory.ts";
import { type LevelImage, levelImage } from "./level-image.ts";

/** Small, so that packs fill and nothing is worth a thread. */
const CONFIG = "blobs: { blobsfile: { path: blobs, maxPackBytes: 1536 } }";
const CHECKPOINT_EVERY = 5;

/** Something that was to become durable: from `begun` on it may be there, from `done` on it must. Numbers of events. */
interface Promised {
  begun: number;
  done: number;
}

/** A backup with the contents of its files. */
interface PromisedBackup extends Promised {
  id: string;
  files: Map<string, Buffer>;
  forgotten: Promised | null;
}

export interface CrashRun {
  readonly directory: string;
  readonly disk: RecordedDisk;
  readonly backups: PromisedBackup[];
  /** Values of one key, in the order in which they were set. */
  readonly values: (Promised & { value: string })[];
  /** Blobs that collections encoded anew. */
  detached: number;
  /** By number of events. */
  readonly databases: { meta: LevelImage; local: LevelImage }[];
  remove(): void;
}

const NEVER = Number.POSITIVE_INFINITY;
const common = { mode: 0o644, uid: 0, gid: 0, mtime: 0n };
const bytes = (text: string): Buffer => Buffer.from(text);

/** The key that runs write to, in database `0`. */
export const KEY: Buffer = bytes("key");
export const DATABASE: Buffer = bytes("0");

/** A store on a simulated disk; its two databases are real. */
export function openOnDisk(
  directory: string,
  fs: RecordedDisk,
  warn: (text: string) => void,
): Promise<Database> {
  return openDatabase(directory, { fs, warn, encoder: threadless, checkpointEvery: CHECKPOINT_EVERY });
}

async function putTree(
  database: Database,
  files: ReadonlyMap<string, Buffer>,
  before: ReadonlyMap<Buffer, Buffer>,
): Promise<Buffer> {
  const nodes: Buffer[] = [];
  const builder = new DirectoryBuilder("sha256", (_, content) => nodes.push(Buffer.from(content)));
  for (const [name, content] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const base = before.get(content);
    const hint = base === undefined ? {} : { base: hashOf("sha256", base) };
    const chunk = await database.blobs.putContent("data", Buffer.from(content), hint);
    builder.add(
      encodeMeta({ ...common, name: bytes(name), type: "file", size: content.length, chunk }),
      bytes(name),
      1,
      content.length,
    );
  }
  const { directory } = builder.finish();
  for (const node of nodes) await database.blobs.putContent("node", node);
  const root = { ...common, name: bytes("root"), type: "directory", size: 1, entries: files.size } as const;
  return database.blobs.putContent("node", encodeMeta({ ...root, ...(directory ? { directory } : {}) }));
}

/** Makes and lists one backup. */
export async function backUp(
  database: Database,
  files: ReadonlyMap<string, Buffer>,
  begin: (id: string) => void = () => {},
  before: ReadonlyMap<Buffer, Buffer> = new Map(),
): Promise<void> {
  const [host, path] = [bytes("h"), bytes("/")];
  const ref = await putTree(database, files, before);
  const { backup, timestamp } = await database.commits.reserveBackup(host, path);
  begin(backup.toString("hex"));
  await database.commits.commit([{ op: "backup", host, path, timestamp, ref, fields: [] }]);
}

class Runner {
  private readonly run: CrashRun;
  private readonly random: Random;
  private database: Database;
  private readonly shared: Buffer[] = [];
  /** What grew out of what. */
  private readonly before = new Map<Buffer, Buffer>();
  private growing: Buffer;

  constructor(run: CrashRun, random: Random, database: Database) {
    this.run = run;
    this.random = random;
    this.database = database;
    this.growing = random.bytes(400);
  }

  private get now(): number {
    return this.run.disk.record.events.length;
  }

  private content(): Buffer {
    if (this.shared.length > 2 && this.random.integer(3) === 0) return this.random.pick(this.shared);
    const fresh = this.random.bytes(1 + this.random.integer(120));
    this.shared.push(fresh);
    return fresh;
  }

  /** A file that every backup changes a little: differences, whose bases go one after another. */
  private grown(): Buffer {
    const last = this.growing;
    const at = this.random.integer(last.length - 8);
    this.growing = Buffer.concat([last.subarray(0, at), this.random.bytes(8), last.subarray(at + 8)]);
    this.before.set(this.growing, last);
    return this.growing;
  }

  private async backUp(): Promise<void> {
    const files = new Map<string, Buffer>([["grown", this.grown()]]);
    for (let at = 1 + this.random.integer(4); at > 0; at--) files.set(`file ${at}`, this.content());
    let made: PromisedBackup | undefined;
    const begin = (id: string): void => {
      made = { id, files, forgotten: null, begun: this.now, done: NEVER };
      this.run.backups.push(made);
    };
    await backUp(this.database, files, begin, this.before);
    if (made) made.done = this.now;
  }

  private async forget(): Promise<void> {
    const one = this.run.backups.find(({ forgotten, done }) => forgotten === null && done !== NEVER);
    if (!one) return;
    one.forgotten = { begun: this.now, done: NEVER };
    await this.database.commits.commit([{ op: "forget", backup: Buffer.from(one.id, "hex") }]);
    one.forgotten.done = this.now;
  }

  private async set(): Promise<void> {
    const made = { value: `value ${this.run.values.length}`, begun: this.now, done: NEVER };
    this.run.values.push(made);
    const value = bytes(made.value);
    await this.database.commits.commit([{ op: "set", database: DATABASE, key: KEY, value }]);
    made.done = this.now;
  }

  private async reopen(): Promise<void> {
    await this.database.close();
    this.database = await openOnDisk(this.run.directory, this.run.disk, () => {});
  }

  private async collect(): Promise<void> {
    const { detached } = await this.database.collect({ unused: 0 });
    this.run.detached += detached;
  }

  async step(): Promise<void> {
    const chance = this.random.integer(12);
    if (chance > 9) await this.collect();
    else if (chance < 3) await this.backUp();
    else if (chance < 5) await this.set();
    else if (chance < 6) await this.forget();
    else if (chance < 7) await Promise.all([this.backUp(), this.set()]);
    else if (chance < 8) await Promise.all([this.backUp(), this.database.commits.checkpoint()]);
    else if (chance < 9) await this.database.commits.checkpoint();
    else await this.reopen();
  }

  /** A collection that has to encode something anew. */
  async detach(): Promise<void> {
    for (let versions = 0; versions < 2; versions++) await this.backUp();
    const { length } = this.run.backups.filter(({ forgotten }) => forgotten === null);
    for (let at = 1; at < length; at++) await this.forget();
    await this.collect();
  }

  async end(): Promise<void> {
    await this.database.close();
  }
}

/** Runs so many steps, and closes the store. */
export async function makeCrashRun(random: Random, steps: number): Promise<CrashRun> {
  const directory = fastDirectory("datadb-crash-");
  await createStore(directory, { config: CONFIG });
  const disk = recordDisk(diskOf(new Map(), directory));
  const databases: CrashRun["databases"] = [];
  const run: CrashRun = {
    directory,
    disk,
    backups: [],
    values: [],
    detached: 0,
    databases,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
  const capture = (): void => {
    databases.push({
      meta: levelImage(join(directory, "meta")),
      local: levelImage(join(directory, "local")),
    });
  };
  disk.onEvent = capture;
  const runner = new Runner(run, random, await openOnDisk(directory, disk, () => {}));
  const detaching = random.integer(steps);
  for (let step = 0; step < steps; step++) await (step === detaching ? runner.detach() : runner.step());
  await runner.end();
  capture();
  disk.onEvent = null;
  return run;
}

/** The store's configuration in another directory. */
export function copyConfig(run: CrashRun, directory: string): void {
  cpSync(join(run.directory, "config.yaml"), join(directory, "config.yaml"));
}
