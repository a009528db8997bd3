import { randomInt } from "node:crypto";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import {
  type Decoded,
  encodeReply,
  OK,
  parseAddress,
  type Reply,
  ReplyError,
  replyDecoder,
} from "@datadb/protocol";
import { afterAll, describe, expect, it } from "vitest";
import { fakeServer } from "../testing/fake-server.ts";
import { connect } from "./connect.ts";
import { findPassword } from "./password.ts";

const dir = fs.mkdtempSync(path.join(os.tmpdir(), "datadb-connect-"));
afterAll(() => fs.rmSync(dir, { recursive: true }));

describe("the reply decoder", () => {
  const replies: Reply[] = [
    OK,
    "bulk",
    Buffer.alloc(300_000, 7),
    Buffer.alloc(0),
    42,
    -1,
    null,
    [],
    [1, [Buffer.from("a\r\nb"), null, [[]]], "x"],
    new ReplyError("WRONGTYPE no"),
    9_007_199_254_740_993n,
    ["a", new ReplyError("ERR inside")],
  ];
  const wire = Buffer.concat(replies.flatMap((reply) => encodeReply(reply, 2, [])));
  const plain = (decoded: Decoded): unknown => (decoded instanceof ReplyError ? decoded.message : decoded);

  function decode(chunks: Buffer[]): unknown[] {
    const all: unknown[] = [];
    const decoder = replyDecoder((reply) => all.push(plain(reply)));
    for (const chunk of chunks) decoder.feed(chunk);
    return all;
  }

  it("reads every type, and the same however the bytes are cut", () => {
    const whole = decode([wire]);
    expect(whole).toHaveLength(replies.length);
    expect(whole.filter((_, i) => i !== 2)).toEqual([
      "OK",
      Buffer.from("bulk"),
      Buffer.alloc(0),
      42,
      -1,
      null,
      [],
      [1, [Buffer.from("a\r\nb"), null, [[]]], Buffer.from("x")],
      "WRONGTYPE no",
      9_007_199_254_740_993n,
      "ERR inside",
    ]);
    const head = wire.subarray(0, 40);
    const rest = wire.subarray(wire.length - 200);
    const small = Buffer.concat([
      ...replies.filter((_, i) => i !== 2).flatMap((reply) => encodeReply(reply, 2, [])),
    ]);
    for (let size = 1; size < 40; size++) {
      const chunks: Buffer[] = [];
      for (let at = 0; at < small.length; at += size) chunks.push(small.subarray(at, at + size));
      expect(decode(chunks)).toEqual(whole.filter((_, i) => i !== 2));
    }
    expect(head.length + rest.length).toBe(240);
    const seed = Number(process.env["DATADB_TEST_SEED"] ?? randomInt(1 << 30));
    for (let round = 0; round < 20; round++) {
      const cut = (seed + round * 7919) % wire.length;
      expect(decode([wire.subarray(0, cut), wire.subarray(cut)]).length, `cut ${cut}, seed ${seed}`).toBe(
        replies.length,
      );
    }
  });

  it.each(["HTTP/1.1 400 Bad Request\r\n", ":abc\r\n", "$x\r\n", "$-2\r\n"])("refuses %j", (text) => {
    expect(() => decode([Buffer.from(text)])).toThrow(expect.objectContaining({ code: "WRONG_REPLY" }));
  });
});

describe("addresses and passwords", () => {
  it.each([
    ["redis://db", { shown: "redis://db:9736", target: { host: "db", port: 9736 }, tls: false }],
    ["redis://[::1]:1", { shown: "redis://[::1]:1", target: { host: "::1", port: 1 }, tls: false }],
    [
      "rediss://u:p%40ss@db:1/x",
      { shown: "rediss://db:1", tls: true, user: "u", password: "p@ss", database: "x" },
    ],
    ["unix:///run/a%20b", { shown: "/run/a b", target: { path: "/run/a b" } }],
  ])("%s", (url, address) => expect(parseAddress(url)).toMatchObject(address));

  it.each(["", "db:9736", "http://db", "redis://"])("refuses %j", (url) => {
    expect(() => parseAddress(url)).toThrow(expect.objectContaining({ code: "USAGE" }));
  });

  it("finds passwords without an argument list", () => {
    fs.writeFileSync(`${dir}/password`, "from file\nsecond line\n");
    expect(findPassword("plain", {})).toBe("plain");
    expect(findPassword("env:X", { X: "from env" })).toBe("from env");
    expect(findPassword(`file:${dir}/password`, {})).toBe("from file");
    expect(findPassword(undefined, { DATADB_PASSWORD: "p" })).toBe("p");
    expect(findPassword(undefined, { DATADB_PASSWORD_FILE: `${dir}/password` })).toBe("from file");
    expect(findPassword(undefined, {})).toBe(undefined);
    expect(() => findPassword("env:GONE", {})).toThrow(/GONE/);
  });
});

describe("connect", () => {
  it("pipelines in order, passes errors to their caller, tells the store's facts", async () => {
    const server = await fakeServer(`${dir}/pipe`);
    const connection = await connect({ socket: server.socket });
    const big = Buffer.alloc(3 << 20, 5);
    const calls = [
      connection.call("SET", "k", "v"),
      connection.call("HMSET", "k"),
      connection.call("GET", "k"),
      connection.call("BPUT", big),
    ];
    const [set, bad, get, put] = await Promise.allSettled(calls);
    expect(set).toMatchObject({ value: "OK" });
    expect(bad).toMatchObject({ reason: { kind: "ERR" } });
    expect(get).toMatchObject({ value: Buffer.from("v") });
    expect(String((put as { value: unknown }).value)).toMatch(/^[0-9a-f]{64}$/);
    const facts = {
      id: "ab",
      hash: "sha256",
      chunker: { algorithm: "fastcdc", min: 1, avg: 2, max: 3 },
      timezone: "UTC",
    };
    expect(await connection.facts()).toEqual(facts);
    await connection.close();
    await expect(connection.call("GET", "k")).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    await server.stop();
  });

  it("names the address when nobody is there, when the server goes, when it is something else", async () => {
    await expect(connect({ socket: `${dir}/none` })).rejects.toMatchObject({
      code: "CONNECTION_LOST",
      message: expect.stringContaining(`${dir}/none`),
    });
    await expect(connect("redis://user:secret@127.0.0.1:1")).rejects.toMatchObject({
      message: expect.not.stringContaining("secret"),
    });
    const server = await fakeServer(`${dir}/dies`);
    const connection = await connect({ socket: server.socket });
    const waiting = connection.call("GET", "k");
    server.die();
    await expect(waiting).rejects.toMatchObject({
      code: "CONNECTION_LOST",
      message: expect.stringContaining("dies"),
    });
    await server.stop();
    const http = net.createServer((socket) => socket.resume().end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    await new Promise<void>((resolve) => http.listen(`${dir}/http`, resolve));
    await expect(connect({ socket: `${dir}/http` })).rejects.toMatchObject({
      message: expect.stringContaining("not RESP"),
    });
    await new Promise((resolve) => http.close(resolve));
  });

  it("thinks of TLS when a server ends the connection at the first word", async () => {
    const strict = net.createServer((socket) => socket.once("data", () => socket.destroy()));
    await new Promise<void>((resolve) => strict.listen(0, "127.0.0.1", resolve));
    const { port } = strict.address() as net.AddressInfo;
    await expect(connect(`redis://127.0.0.1:${port}`)).rejects.toMatchObject({
      code: "CONNECTION_LOST",
      next: expect.stringContaining("rediss://"),
    });
    await new Promise((resolve) => strict.close(resolve));
  });

  it("is left when it is interrupted and the server does not answer", async () => {
    const mute = net.createServer((socket) =>
      socket.on("error", () => {}).once("data", () => socket.write("+PONG\r\n")),
    );
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    const { port } = mute.address() as net.AddressInfo;
    const abort = new AbortController();
    const connection = await connect(`redis://127.0.0.1:${port}`, { signal: abort.signal });
    const waiting = connection.call("GET", "k");
    abort.abort(new Error("SIGINT"));
    const reason = { code: "INTERRUPTED", message: expect.stringContaining(String(port)) };
    await expect(waiting).rejects.toMatchObject(reason);
    await expect(connection.call("GET", "k")).rejects.toMatchObject(reason);
    await new Promise((resolve) => mute.close(resolve));
  });

  it("waits for the first answer for as long as for the connection, and then says so", async () => {
    const stopped = net.createServer((socket) => socket.on("error", () => {}).resume());
    await new Promise<void>((resolve) => stopped.listen(`${dir}/stopped`, resolve));
    await expect(connect({ socket: `${dir}/stopped` }, { timeoutMs: 50 })).rejects.toMatchObject({
      code: "CONNECTION_LOST",
      message: expect.stringMatching(/stopped: no answer within 50 ms$/),
    });
    await new Promise((resolve) => stopped.close(resolve));
  });

  it("can be given up", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(connect({ socket: `${dir}/none` }, { signal })).rejects.toMatchObject({
      code: "CONNECTION_LOST",
    });
  });
});
