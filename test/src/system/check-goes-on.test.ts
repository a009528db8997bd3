/** check --read-data looks first at what was not verified for longest, and goes on where it was interrupted or killed. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type CommandResult, describeResult } from "../harness/command.ts";
import { fillSource, openS3World, type S3World } from "../harness/s3-world.ts";

/** Packs are read two at a time: so many may be under way when one is stopped. */
const AT_ONCE = 2;

/** A store of many small packs in a bucket, where every look at a pack can be seen. */
async function manyPacks(label: string): Promise<S3World> {
  const s3 = await openS3World(label, { packBytes: 30_000 });
  fillSource(s3, 1);
  writeFileSync(join(s3.source, "large"), s3.random.bytes(800_000));
  await s3.init();
  await s3.world.summary(s3.on("snapshot", s3.source));
  return s3;
}

/** The data packs that a check reads, in the order in which it begins with them; it is stopped when it has begun with more than `stop.after`. */
async function packsRead(
  { server, world, on }: S3World,
  option: string,
  stop?: { after: number; signal: NodeJS.Signals },
): Promise<{ packs: string[]; result: CommandResult }> {
  const read = new Set<string>();
  let cut = (): unknown => null;
  server.onRequest((operation, key) => {
    if (operation !== "GetObject" || !key.includes("blobs-")) return;
    read.add(key);
    if (stop !== undefined && read.size > stop.after) cut();
  });
  const result = await world.run(on("check", option, "--json"), {
    started: (child) => {
      if (stop === undefined) return;
      // Once: a second signal ends the command at once.
      cut = () => {
        cut = () => null;
        return child.kill(stop.signal);
      };
    },
  });
  server.onRequest(null);
  return { packs: [...read], result };
}

test("a part of the content is that which was not verified for longest, until all was", async () => {
  const s3 = await manyPacks("check-part");
  const seen: string[] = [];
  const whole = (await packsRead(s3, "--read-data")).packs;
  expect(whole.length).toBeGreaterThan(8);
  for (let part = 0; part < 3; part++) {
    const { packs, result } = await packsRead(s3, "--read-data=20");
    expect(result.code, describeResult(["check"], result)).toBe(0);
    expect(packs.length).toBeGreaterThan(0);
    expect(seen.filter((pack) => packs.includes(pack))).toEqual([]);
    seen.push(...packs);
  }
  expect(whole).toEqual(expect.arrayContaining(seen));
});

test.each(["SIGINT", "SIGKILL"] as const)(
  "after %s a check goes on where it was, then begins anew",
  async (signal) => {
    const s3 = await manyPacks(`check-${signal}`);
    const stopped = await packsRead(s3, "--read-data", { after: 6, signal });
    expect([stopped.result.code, stopped.result.signal]).toEqual(
      signal === "SIGINT" ? [130, null] : [null, signal],
    );
    // What opens the store meanwhile changes nothing.
    await s3.world.summary(s3.on("ls"));
    const rest = await packsRead(s3, "--read-data");
    expect(rest.result.code, describeResult(["check"], rest.result)).toBe(0);
    expect(rest.result.stdout).toMatch(
      /the check that began at .* goes on: \d+ packs? (was|were) verified since/,
    );
    const twice = rest.packs.filter((pack) => stopped.packs.includes(pack));
    expect(twice.length).toBeLessThanOrEqual(AT_ONCE);
    const anew = await packsRead(s3, "--read-data");
    expect(anew.result.stdout).not.toContain("goes on");
    expect(new Set(anew.packs)).toEqual(new Set([...stopped.packs, ...rest.packs]));
  },
);
