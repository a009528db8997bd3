// What ends in the middle of a collection, a restore and a check, credentials or the endpoint: a clear error, or patience, and then all is right.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { treeHash } from "../harness/compare-trees.ts";
import { LONG } from "../harness/lanes.ts";
import { fillSource, giveCredentials, openS3World, type S3World } from "../harness/s3-world.ts";

/** How long the endpoint is away. */
const AWAY_MS = LONG ? 60_000 : 500;
const credentialsOf = (name: string) => ({
  accessKeyId: name,
  secretAccessKey: `s-${name}`,
  sessionToken: `t-${name}`,
});

let s3: S3World;

beforeAll(async () => {
  const first = credentialsOf("first");
  // Nothing is at hand but in the bucket, and who is away is waited for.
  const options = { ...first, cache: 0, maxRetries: 0, retrySeconds: 86_400, retryDelay: 50 };
  s3 = await openS3World("s3-outages", options, { credentials: [first] });
  const { world, on, source } = s3;
  fillSource(s3, 20);
  await s3.init();
  await world.summary(on("snapshot", source));
  rmSync(join(source, "sub"), { recursive: true });
  fillSource(s3, 20);
  await world.summary(on("snapshot", source));
  await world.summary(on("forget", "--keep-last", "1", "--yes"));
});

/** Does it once, at a request of this kind; whether it came to that. */
function strikeAt(operation: RegExp, at: number, strike: () => void): () => boolean {
  let seen = 0;
  s3.server.onRequest((name) => {
    if (operation.test(name) && ++seen === at) strike();
  });
  return () => seen >= at;
}

const restoredTo = (): string => join(s3.directory, "restored");
const CASES = [
  { verb: "gc", words: () => ["gc"], operation: /^(Put|Delete)/, at: 1 },
  { verb: "restore", words: () => ["restore", "photos", restoredTo()], operation: /^GetObject$/, at: 2 },
  { verb: "check", words: () => ["check", "--read-data"], operation: /^GetObject$/, at: 2 },
];

// In this order: what the collection and its failure have left is what is restored and checked.
test.each(CASES)(
  "credentials expire, then the endpoint goes away, in the middle of $verb",
  async (one) => {
    const { verb, words, operation, at } = one;
    const { world, on, server, source } = s3;
    const name = `before-${verb}`;
    giveCredentials(s3, credentialsOf(name));
    let struck = strikeAt(operation, at, () => server.expire(name));
    const expired = await world.run(on(...words(), "--json"));
    expect([expired.code, struck()], expired.stderr).toEqual([1, true]);
    expect(expired.stdout).toContain('"ACCESS_DENIED"');
    expect(expired.stdout).toContain("session token");

    giveCredentials(s3, credentialsOf(`after-${verb}`));
    rmSync(restoredTo(), { recursive: true, force: true });
    const away: { from?: number; until?: number } = {};
    struck = strikeAt(operation, at, () => {
      away.from = performance.now();
      server.setDown(true);
      setTimeout(() => {
        server.setDown(false);
        away.until = performance.now();
      }, AWAY_MS);
    });
    const summary = await world.summary(on(...words()));
    server.onRequest(null);
    expect(struck()).toBe(true);
    expect(away.until! - away.from!).toBeGreaterThanOrEqual(AWAY_MS - 10);
    if (verb === "restore") expect(await treeHash(restoredTo())).toBe(await treeHash(source));
    if (verb === "check") expect(summary).toMatchObject({ findings: 0, backups: 1 });
  },
  LONG ? 400_000 : undefined,
);
