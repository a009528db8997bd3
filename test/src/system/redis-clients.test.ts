/** Foreign clients: a person with redis-cli, programs with ioredis and node-redis. */
import { Redis } from "ioredis";
import { createClient } from "redis";
import { beforeAll, describe, expect, test } from "vitest";
import { lane } from "../harness/lanes.ts";
import { mustRun } from "../harness/run-program.ts";
import { type ServerProcess, startServer } from "../harness/server-process.ts";
import { makeSmallStore, type SmallStore } from "../harness/small-store.ts";

let small: SmallStore;
let server: ServerProcess;

beforeAll(async () => {
  small = await makeSmallStore("clients");
  server = await startServer(small.world, small.store);
});

lane("redis-cli", [{ program: "redis-cli" }], () => {
  const cli = async (...words: string[]): Promise<string[]> => {
    const printed = await mustRun("redis-cli", ["-p", String(server.port), ...words]);
    return printed.toString().trimEnd().split("\n");
  };
  const hash = async (...words: string[]): Promise<Record<string, string>> => {
    const lines = await cli(...words);
    return Object.fromEntries(
      lines.flatMap((line, i) => (i % 2 === 0 ? [[line, lines[i + 1] as string]] : [])),
    );
  };

  test("inspects a backup from the series down to a chunk", async () => {
    expect(await cli("PING")).toEqual(["PONG"]);
    const [snapshot] = await cli("SMEMBERS", "snapshots");
    const backup = (await cli("LLAST", snapshot as string))[0] as string;
    expect(backup).toBe(small.backup);
    const fields = await hash("HGETALL", backup);
    expect(fields).toMatchObject({ hostname: "test-host", path: small.source, name: "photos" });
    const root = await hash("HGETALL", fields["ref"] as string);
    expect(root).toMatchObject({ name: "photos", type: expect.stringMatching(/^dir/) });
    const children = await Promise.all(
      (await cli("SMEMBERS", root["ref"] as string)).map((id) => hash("HGETALL", id)),
    );
    expect(children.map((child) => child["name"]).sort()).toEqual(["large a", "large b", "small"]);
    const large = children.find((child) => child["name"] === "large a") as Record<string, string>;
    expect(large).toMatchObject({ type: "file", size: "2000000" });
    const list = await cli("LITER", large["ref"] as string, "WITH", "INDEX");
    expect(list.length).toBeGreaterThan(10);
    const chunk = await mustRun("redis-cli", ["-p", String(server.port), "BGET", list[1] as string]);
    expect(chunk.length).toBeGreaterThan(1000);
  });

  test("is told what there is: INFO, COMMAND DOCS, SCAN, TYPE", async () => {
    expect((await cli("INFO")).join("\n")).toMatch(/store_hash:sha256/);
    expect((await cli("COMMAND", "DOCS", "bput")).join("\n")).toMatch(/Puts a blob/);
    await cli("HSET", "a hash", "f", "v");
    expect(await cli("TYPE", "a hash")).toEqual(["hash"]);
    expect((await cli("--scan", "--pattern", "a *")).join()).toContain("a hash");
    expect((await cli("GET", "a hash")).join()).toMatch(/^WRONGTYPE/);
    expect((await cli("GET")).join()).toMatch(/wrong number of arguments for 'get' command/);
  });
});

describe("ioredis", () => {
  test("works with its defaults, pipelines and binary values", async () => {
    const client = new Redis(server.port, "127.0.0.1", { connectionName: "ioredis-test" });
    try {
      const value = Buffer.from([0, 255, 13, 10, 128]);
      expect(await client.set("binary", value)).toBe("OK");
      expect((await client.getBuffer("binary"))?.equals(value)).toBe(true);
      expect(await client.hset("h", { a: "1", b: "2" })).toBe(2);
      expect(await client.hgetall("h")).toEqual({ a: "1", b: "2" });
      const results = await client.pipeline().sadd("s", "b", "a").smembers("s").get("h").exec();
      expect(results?.[1]).toEqual([null, ["a", "b"]]);
      expect(String(results?.[2]?.[0])).toMatch(/WRONGTYPE/);
      expect(String(await client.call("CLIENT", "LIST"))).toMatch(/name=ioredis-test/);
      const found: string[] = [];
      for await (const keys of client.scanStream({ match: "bin*" })) found.push(...(keys as string[]));
      expect(found).toEqual(["binary"]);
    } finally {
      client.disconnect();
    }
  });

  test("monitors", async () => {
    const client = new Redis(server.port, "127.0.0.1");
    const monitor = await client.monitor();
    try {
      const seen = new Promise<string[]>((resolve) =>
        monitor.on("monitor", (_time: string, words: string[]) => resolve(words)),
      );
      await client.set("watched", "1");
      expect((await seen).map((word) => word.toLowerCase())).toEqual(["set", "watched", "1"]);
    } finally {
      monitor.disconnect();
      client.disconnect();
    }
  });
});

describe.each([2, 3] as const)("node-redis, RESP%i", (RESP) => {
  test("works with its defaults", async () => {
    const client = createClient({ url: server.url, RESP, name: "node-redis-test" });
    await client.connect();
    try {
      await client.set("node", "redis");
      expect(await client.get("node")).toBe("redis");
      expect(await client.get("absent")).toBeNull();
      await client.hSet("nh", { a: "1", b: "2" });
      expect({ ...(await client.hGetAll("nh")) }).toEqual({ a: "1", b: "2" });
      await client.sAdd("ns", ["y", "x"]);
      expect([...(await client.sMembers("ns"))].sort()).toEqual(["x", "y"]);
      const backups = (await client.sendCommand(["BACKUPS", "LIMIT", "1"])) as unknown[];
      expect(backups).toHaveLength(1);
      await expect(client.sendCommand(["HGET", "node", "a"])).rejects.toThrow(/WRONGTYPE/);
      expect(await client.del(["node", "nh", "ns"])).toBe(3);
    } finally {
      await client.close();
    }
  });
});
