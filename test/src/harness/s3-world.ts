/** A store in a bucket of the strict S3 server, and the command that works with it. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll } from "vitest";
import { openWorld, type World } from "./command.ts";
import { type Random, randomOf } from "./random.ts";
import type { Credentials } from "./s3-server/signature.ts";
import { type S3Server, type S3ServerOptions, startS3Server } from "./s3-server/start-s3-server.ts";
import { scratch } from "./scratch.ts";

export interface S3World {
  directory: string;
  world: World;
  server: S3Server;
  random: Random;
  store: string;
  /** What is backed up; `fillSource` makes it. */
  source: string;
  /** Options of s3 in the store's configuration. */
  options: Record<string, unknown>;
  /** Words with the store. */
  on(...words: string[]): string[];
  /** A new store in the same bucket; `blobs` when it is not s3 alone. */
  init(blobs?: unknown): Promise<void>;
  /** The databases of the store and its copies of packs: what is left is its configuration and the bucket. */
  loseDatabases(): void;
}

/** A server with an empty bucket `bucket`, and a world; closed after the file's tests. */
export async function openS3World(
  label: string,
  changes: Record<string, unknown> = {},
  options: S3ServerOptions = {},
): Promise<S3World> {
  const server = await startS3Server({ buckets: ["bucket"], ...options });
  afterAll(() => server.close());
  const directory = scratch(label);
  const world = openWorld(directory);
  const store = join(directory, "store");
  const { accessKeyId, secretAccessKey } = server.credentials;
  const s3 = { bucket: "bucket", prefix: "db", endpoint: server.endpoint, accessKeyId, secretAccessKey };
  // Short pauses, patience of few attempts, and small packs: much happens in a little time.
  const all = { ...s3, retryDelay: 5, retrySeconds: 0, packBytes: 65_536, ...changes };
  return {
    directory,
    world,
    server,
    random: randomOf(label),
    store,
    source: join(directory, "photos"),
    options: all,
    on: (...words) => [...words, "--store", store],
    async init(blobs = { s3: all }) {
      const config = join(directory, "config.yaml");
      writeFileSync(config, JSON.stringify({ blobs }));
      await world.summary(["init", "--store", store, "--config", config]);
    },
    loseDatabases() {
      for (const name of ["meta", "local", "cache"])
        rmSync(join(store, name), { recursive: true, force: true });
    },
  };
}

/** Other credentials, which the server knows from now on, in the configuration of a store that has some. */
export function giveCredentials({ server, store }: S3World, fresh: Credentials): void {
  server.addCredentials(fresh);
  const config = join(store, "config.yaml");
  let text = readFileSync(config, "utf8");
  for (const [key, value] of Object.entries(fresh))
    text = text.replace(new RegExp(`(["']?${key}["']?: *)[^,\\n}]+`), `$1${JSON.stringify(value)}`);
  writeFileSync(config, text);
}

/** Files of every size up to half a megabyte, some in a directory of their own; content that does not shrink. */
export function fillSource({ source, random }: S3World, files: number): void {
  mkdirSync(join(source, "sub"), { recursive: true });
  for (let at = 0; at < files; at++) {
    const where = at % 3 === 0 ? join(source, "sub") : source;
    writeFileSync(join(where, `file-${at}`), random.bytes(random.integer(at % 10 === 0 ? 500_000 : 5000)));
  }
}
