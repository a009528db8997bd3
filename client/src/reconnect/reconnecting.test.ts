import { randomInt } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { hashOf } from "@datadb/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect } from "../connect/connect.ts";
import type { Connection } from "../connection.ts";
import { type FakeServer, fakeServer } from "../testing/fake-server.ts";
import { reconnecting } from "./reconnecting.ts";

let dir: string;
let server: FakeServer;
beforeEach(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "datadb-reconnect-"));
  server = await fakeServer(`${dir}/s`);
});
afterEach(async () => {
  await server.stop();
  fs.rmSync(dir, { recursive: true });
});

const open = async (): Promise<Connection> => await connect({ socket: server.socket });
const quick = { pauseMs: 1, giveUpAfterMs: 5000 };
const hex = (content: Buffer): string => hashOf("sha256", content).toString("hex");

describe("a connection that comes back", () => {
  it("repeats reads, takes up its lease, sends what was not durable again", async () => {
    const connection = reconnecting(open, quick);
    await connection.call("LEASE", "SECONDS", 60);
    await connection.call("BPUT", Buffer.from("durable"));
    await connection.call("DONE");
    await connection.call("BPUT", Buffer.from("accepted"));
    server.die();
    expect(await connection.call("GET", "k")).toBe(null);
    expect(server.counts.get("LEASE")).toBe(2);
    expect(server.counts.get("BPUT")).toBe(3);
    await connection.call("DONE");
    expect(server.durable.blobs).toEqual(
      new Set([hex(Buffer.from("durable")), hex(Buffer.from("accepted"))]),
    );
    await connection.close();
  });

  it("replays an open transaction under its id", async () => {
    const connection = reconnecting(open, quick);
    const ref = hex(Buffer.from("root"));
    const id = await connection.call("TXINIT");
    await connection.call("SET", "a", "1");
    await connection.call("BPUT", Buffer.from("root"));
    const backup = await connection.call("BACKUP", "host", "/path", ref);
    server.die();
    await connection.call("SET", "b", "2");
    await connection.call("TXCOMMIT");
    expect(server.durable.committed).toEqual(new Set([String(id)]));
    expect(Object.fromEntries(server.durable.keys)).toEqual({ a: "1", b: "2" });
    expect(server.durable.backups.map((one) => one.id)).toEqual([String((backup as Buffer[])[0])]);
    await connection.close();
  });

  it("does not repeat what must not run twice", async () => {
    const connection = reconnecting(open, quick);
    await connection.call("GET", "k");
    server.cutAfter = () => 0;
    server.die();
    await expect(connection.call("FORGET", "id")).rejects.toMatchObject({
      code: "CONNECTION_LOST",
      message: expect.stringContaining("FORGET"),
    });
    await connection.close();
  });

  it("gives up after a while, and says so", async () => {
    const connection = reconnecting(open, { pauseMs: 1, giveUpAfterMs: 50 });
    await connection.call("GET", "k");
    await server.stop();
    await expect(connection.call("GET", "k")).rejects.toMatchObject({
      code: "CONNECTION_LOST",
      message: expect.stringMatching(/no new connection within 0.05 s.*cannot connect/),
    });
    server = await fakeServer(server.socket);
    expect(await connection.call("GET", "k")).toBe(null);
    await connection.close();
  });

  it("does not wait as long again for each call that follows", async () => {
    let attempts = 0;
    const counted = async (): Promise<Connection> => {
      attempts += 1;
      return await open();
    };
    const connection = reconnecting(counted, { pauseMs: 1, giveUpAfterMs: 50 });
    await connection.call("GET", "k");
    await server.stop();
    await expect(connection.call("GET", "k")).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    attempts = 0;
    for (let i = 0; i < 3; i++)
      await expect(connection.call("GET", "k")).rejects.toMatchObject({
        message: expect.stringMatching(/no new connection at once.*cannot connect/),
      });
    expect(attempts).toBe(3);
    server = await fakeServer(server.socket);
    expect(await connection.call("GET", "k")).toBe(null);
    await connection.close();
  });

  it("says at once when the first attempt fails", async () => {
    const connection = reconnecting(async () => await connect({ socket: `${dir}/none` }));
    await expect(connection.call("GET", "k")).rejects.toMatchObject({
      message: expect.stringMatching(/^cannot connect/),
    });
  });

  it("keeps what is not durable within its limit", async () => {
    const connection = reconnecting(open, { ...quick, windowBytes: 1 << 20 });
    const all = Array.from({ length: 64 }, (_, i) => connection.call("BPUT", Buffer.alloc(100_000, i)));
    await Promise.all(all);
    expect(server.counts.get("DONE")).toBeGreaterThan(4);
    expect(server.durable.blobs.size).toBeGreaterThan(40);
    await connection.close();
  });
});

it("survives cuts and deaths at random points: what was committed is there, once", async () => {
  const seed = Number(process.env["DATADB_TEST_SEED"] ?? randomInt(1 << 30));
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state % below;
  };
  const connection = reconnecting(open, { ...quick, windowBytes: 20_000 });
  const context = `seed ${seed}`;
  server.cutAfter = () => (random(3) === 0 ? Number.POSITIVE_INFINITY : 50 + random(1500));
  for (let round = 0; round < 40; round++) {
    if (random(3) === 0) server.die();
    const blobs = Array.from({ length: 1 + random(12) }, (_, i) =>
      Buffer.from(`${round}-${i}-`.padEnd(1 + random(3000), "x")),
    );
    const root = Buffer.from(`root ${round}`);
    const puts = [...blobs, root].map((blob) => connection.call("BPUT", blob));
    if (random(2) === 0) await Promise.all(puts);
    const init = connection.call("TXINIT");
    const set = connection.call("SET", `key ${round}`, `${round}`);
    if (random(2) === 0) await set;
    const backup = connection.call("BACKUP", "host", "/p", hex(root));
    if (random(2) === 0) await backup;
    if (random(4) === 0) server.die();
    const [, , , listed] = await Promise.all(
      [...puts, init, set, backup, connection.call("TXCOMMIT")].slice(-4),
    );
    expect(listed, context).toBe("OK");
    const [id] = (await backup) as Buffer[];
    const same = server.durable.backups.filter((one) => one.ref === hex(root));
    expect(
      same.map((one) => one.id),
      context,
    ).toEqual([String(id)]);
    expect(server.durable.keys.get(`key ${round}`), context).toBe(`${round}`);
    for (const blob of [...blobs, root]) expect(server.durable.blobs.has(hex(blob)), context).toBe(true);
  }
  server.cutAfter = () => Number.POSITIVE_INFINITY;
  await connection.close();
});
