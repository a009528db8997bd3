/** A store made of every type of backend: what a server tells of them in /debug/vars and /metrics, and a check while members are away. */
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { startGlacierServer } from "../harness/glacier-server/start-glacier-server.ts";
import { fillSource, openS3World } from "../harness/s3-world.ts";
import { startServer } from "../harness/server-process.ts";

type Vars = Record<string, Record<string, number>>;

test("every backend counts under the origin's names; members that are away are named, and not said to be sound", async () => {
  const s3 = await openS3World("backend-counters");
  const { world, directory, source, options, store, on } = s3;
  fillSource(s3, 10);
  const vaults = await startGlacierServer(["acme"]);
  afterAll(() => vaults.close());
  const far = await startServer(world, join(directory, "far"));
  const key = join(directory, "key");
  await world.summary(["key", "generate", key]);
  const owner = { endpoint: vaults.endpoint, accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };
  const glacier = { vault: "acme", ...owner, warm: { blobsfile: { path: "blobs" } } };
  const remote = { url: far.url, namespace: "mine" };
  await s3.init({
    mirror: [
      { encrypt: { key: `file:${key}`, to: { s3: options } } },
      { glacier },
      { retry: { to: { cache: { to: { remote }, path: "kept" } }, attempts: 2, delay: 1 } },
    ],
  });
  const server = await startServer(world, store);
  const page = async (path: string): Promise<string> =>
    await (await fetch(`http://127.0.0.1:${server.httpPort}${path}`)).text();
  const vars = async (): Promise<Vars> => JSON.parse(await page("/debug/vars")) as Vars;
  const at = ["--server", server.url];
  const before = await vars();
  await world.summary(["snapshot", source, ...at]);
  await world.summary(["glacier", "archive", ...at]);
  await world.summary(["restore", "photos", join(directory, "restored"), ...at]);
  const after = await vars();

  const moved = (name: string, place: string): void => {
    expect(before[name]?.[place], `${name} of ${place}, before`).toBeTypeOf("number");
    expect(after[name]?.[place], `${name} of ${place}`).toBeGreaterThan(before[name]![place]!);
  };
  const cached = Object.keys(after["mirror-member-up"]!).find((place) => place.startsWith("retry"))!;
  const places: [string, string][] = [
    ["mirror", "total"],
    ["mirror", "encrypt s3 bucket/db/"],
    ["encrypt", "s3 bucket/db/"],
    ["s3", "bucket/db/"],
  ];
  for (const [type, place] of places)
    for (const what of ["uploaded", "downloaded"])
      for (const unit of ["blobs", "bytes"]) moved(`${type}-${unit}-${what}`, place);
  const written: [string, string][] = [
    ["mirror", "glacier acme"],
    ["mirror", cached],
    ["glacier", "acme"],
    ["blobsfile", join(store, "blobs")],
  ];
  for (const [type, place] of written)
    for (const unit of ["blobs", "bytes"]) moved(`${type}-${unit}-uploaded`, place);
  for (const name of ["glacier-archives", "glacier-bytes-sent"]) moved(name, "acme");
  for (const name of ["retrievals", "outputs", "bytes-received", "blobs-downloaded", "bytes-downloaded"])
    expect(after[`glacier-${name}`]?.["acme"], name).toBe(0);
  for (const name of ["s3-requests", "s3-bytes-sent"]) moved(name, "bucket/db/");
  for (const name of [
    "retry-calls-repeated",
    "cache-hits",
    "remote-blobs-uploaded",
    "mirror-records-delivered",
  ])
    expect(Object.values(after[name] ?? {}), name).not.toEqual([]);

  const metrics = await page("/metrics");
  const label = "mirror of encrypt s3 bucket/db/ and glacier acme and ";
  expect(metrics).toMatch(
    new RegExp(`^datadb_backend_bytes_uploaded\\{backend="${label}[^"]*"\\} [1-9]`, "m"),
  );
  expect(metrics).toMatch(/^datadb_backend_archives\{backend="glacier acme"\} [1-9]/m);
  expect(metrics).toMatch(
    /^datadb_backend_blobs_downloaded\{backend="mirror encrypt s3 bucket\/db\/"\} [1-9]/m,
  );
  expect(await server.stop()).toBe(0);
  expect(await far.stop()).toBe(0);

  s3.server.setDown(true);
  const check = await world.run(on("check"));
  expect(check.stdout.trim().split("\n").at(-1)).toBe(
    "no damage found in what could be reached, but 2 members of mirrors were not compared: see datadb mirror status",
  );
  expect(check.stderr).toContain("member 1 (encrypt s3 bucket/db/) of the mirror cannot be opened");
  expect(check.stderr).toContain("member 1 of the mirror, encrypt s3 bucket/db/, is down");
  expect(check.code).toBe(3);
});
