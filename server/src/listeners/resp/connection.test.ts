/** Connections: RESP2 and RESP3, order, limits, slow and hostile peers. */
import { chmodSync, mkdirSync, statSync } from "node:fs";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { encoded, type RawClient, rawClient, type Word } from "../../testing/raw-client.ts";
import { openTestServer, type TestServer } from "../../testing/test-server.ts";
import { listenOnSocket, listenOnTcp } from "./resp-listener.ts";

let server: TestServer;
let client: RawClient;

beforeAll(async () => {
  server = await openTestServer();
  client = await server.client();
});
afterAll(() => server.close());

test("RESP3 has maps, sets, nulls and verbatim text", async () => {
  const three = await server.client();
  three.send("HELLO 3\r\n");
  expect(String(await three.until("modules\r\n*0\r\n"))).toMatch(
    /^%7\r\n\$6\r\nserver\r\n\$6\r\ndatadb\r\n[\s\S]*proto\r\n:3\r\n/,
  );
  await three.command("HSET", "r3", "a", "1");
  await three.command("SADD", "s3", "m");
  expect(await three.command("HGETALL", "r3")).toBe("%1\r\n$1\r\na\r\n$1\r\n1\r\n");
  expect(await three.command("SMEMBERS", "s3")).toBe("~1\r\n$1\r\nm\r\n");
  expect(await three.command("GET", "absent")).toBe("_\r\n");
  expect(await three.command("INFO", "clients")).toMatch(/^=\d+\r\ntxt:# Clients\r\n/);
  expect(await three.command("COMMAND", "DOCS", "get")).toMatch(/^%1\r\n\$3\r\nget\r\n%\d\r\n/);
  expect(await three.command("HELLO", "2")).toMatch(/^\*14\r\n/);
  expect(await three.command("GET", "absent")).toBe("$-1\r\n");
});

test("inline commands, as typed in telnet", async () => {
  const typed = await server.client();
  typed.send('\r\nPING\r\nset "a key" \'a value\'\nget "a key"\r\nQUIT\r\n');
  expect(await typed.rest()).toBe("+PONG\r\n+OK\r\n$7\r\na value\r\n+OK\r\n");
});

test("replies keep the order of reads and writes, however fast each is", async () => {
  const commands: Word[][] = [];
  let expected = "";
  for (let i = 0; i < 300; i++) {
    commands.push(
      ["SET", "order", i],
      ["GET", "order"],
      ["SADD", "many", i],
      ["SCARD", "many"],
      ["PING"],
      ["FOO"],
    );
    expected += `+OK\r\n$${String(i).length}\r\n${i}\r\n:1\r\n:${i + 1}\r\n+PONG\r\n-ERR unknown command 'FOO', with args beginning with: \r\n`;
    if (i % 50 === 0) {
      commands.push(["BPUT", Buffer.alloc(50_000, i)], ["BCNT"], ["ECHO", "x"]);
      expected += `$64\r\nHASH\r\n:${i / 50 + 1}\r\n$1\r\nx\r\n`;
    }
  }
  const replies = await client.pipeline(...commands);
  expect(replies.replace(/\r\n[0-9a-f]{64}\r\n/g, "\r\nHASH\r\n")).toBe(expected);
});

test("pipelined writes share commits", async () => {
  const before = server.database.commits.head().sequence;
  const replies = await client.pipeline(
    ...Array.from({ length: 2000 }, (_none, i): Word[] => ["SET", `share ${i}`, "x"]),
  );
  expect(replies).toBe("+OK\r\n".repeat(2000));
  expect(server.database.commits.head().sequence - before).toBeLessThan(200);
});

test("limits: bulk length before it is sent, number of arguments", async () => {
  for (const [wire, error] of [
    ["*2\r\n$4\r\nBPUT\r\n$16777217\r\n", "invalid bulk length"],
    ["*1048577\r\n", "invalid multibulk length"],
    [`${"x".repeat(70_000)}`, "too big inline request"],
  ] as const) {
    const one = await server.client();
    one.send(`PING\r\n${wire}`);
    expect(await one.rest()).toBe(`+PONG\r\n-ERR Protocol error: ${error}\r\n`);
  }
});

test("the greatest blob passes", async () => {
  const content = Buffer.alloc(16 * 1024 * 1024, "0123456789");
  const reply = await client.command("BPUT", content);
  const name = reply.slice(5, -2);
  client.socket.write(encoded(["BGET", name]));
  expect(String(await client.until("\r\n"))).toBe(`$${content.length}`);
  const got = await client.until("9012345\r\n");
  expect(got.length + 7).toBe(content.length);
});

test("too many clients are told so", async () => {
  const listener = await listenOnTcp(server.database, "127.0.0.1", 0, { limits: { clients: 4 } });
  const clients = await Promise.all(Array.from({ length: 5 }, () => rawClient(listener.port!)));
  const answers = await Promise.all(clients.map(async (one) => one.command("PING").catch(() => one.rest())));
  expect(
    answers.filter((answer) => answer === "-ERR max number of clients reached\r\n").length,
  ).toBeGreaterThan(0);
  for (const one of clients) one.close();
  await listener.close();
});

test("idle and half-sent connections are closed with a reason", async () => {
  const listener = await listenOnTcp(server.database, "127.0.0.1", 0, {
    limits: { idleSeconds: 1, partialSeconds: 1 },
  });
  const idle = await rawClient(listener.port!);
  const loris = await rawClient(listener.port!);
  loris.send("*2\r\n$4\r\nBPUT\r\n$1000\r\nabc");
  expect(await idle.rest()).toBe("-ERR idle for more than 1 seconds; closing the connection\r\n");
  expect(await loris.rest()).toBe("-ERR no end of the command within 1 seconds; closing the connection\r\n");
  await listener.close();
});

test("a client that does not read is not read from, and then gets everything", async () => {
  const slow = connect(server.port, "127.0.0.1");
  slow.pause();
  const value = Buffer.alloc(100_000, "v");
  await client.command("SET", "large", value);
  const requests = Buffer.concat(Array.from({ length: 2000 }, () => encoded(["GET", "large"])));
  slow.write(requests);
  // The server takes only as many commands as replies may wait: a few MB of 200.
  const address = `127.0.0.1:${(slow.address() as AddressInfo).port}`;
  const waiting = async (): Promise<number> => {
    const line = (await client.command("CLIENT", "LIST"))
      .split("\n")
      .find((one) => one.includes(`addr=${address} `))!;
    return Number(/ obl=(\d+)/.exec(line)![1]);
  };
  await expect.poll(waiting).toBeGreaterThan(1024 * 1024);
  for (let i = 0; i < 20; i++) expect(await waiting()).toBeLessThan(4 * 1024 * 1024);
  let bytes = 0;
  const all = 2000 * (value.length + "$100000\r\n\r\n".length);
  await new Promise<void>((resolve) => {
    slow.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes === all) resolve();
    });
    slow.resume();
  });
  slow.destroy();
});

test("a disconnect in the middle of a transaction leaves no trace", async () => {
  const gone = await server.client();
  await gone.pipeline(["TXINIT"], ["SET", "ghost", "1"]);
  expect(await client.command("GET", "ghost")).toBe("$-1\r\n");
  gone.close();
  await expect.poll(() => client.command("INFO", "clients")).toContain("transactions:0");
  expect(await client.command("GET", "ghost")).toBe("$-1\r\n");
});

test("a transaction is limited to 64 MiB", async () => {
  const big = await server.client();
  const part = Buffer.alloc(15 * 1024 * 1024);
  const replies = await big.pipeline(
    ["TXINIT", "big"],
    ...[0, 1, 2, 3].map((i): Word[] => ["SET", `part${i}`, part]),
  );
  expect(replies).toBe("+OK\r\n".repeat(5));
  expect(await big.command("SET", "part4", part)).toMatch(/^-TXTOOBIG /);
  expect(await big.command("TXDISCARD")).toBe("+OK\r\n");
});

test("half-closed connections get their replies", async () => {
  const socket = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
  socket.end("PING\r\nSET half closed\r\nGET half\r\n");
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  expect(String(Buffer.concat(parts))).toBe("+PONG\r\n+OK\r\n$6\r\nclosed\r\n");
});

test("requests of browsers are cut off", async () => {
  const browser = await server.client();
  browser.send("POST / HTTP/1.1\r\nHost: localhost\r\n\r\nSET hacked 1\r\n");
  expect(await browser.rest()).toBe("");
  expect(await client.command("EXISTS", "hacked")).toBe(":0\r\n");
});

test("the unix socket is for its owner", async () => {
  const path = join(server.directory, "s");
  const listener = await listenOnSocket(server.database, path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const local = await rawClient(path);
  expect(await local.command("CLIENT", "INFO")).toContain(`addr=unix:${path}`);
  local.close();
  await listener.close();
  expect(() => statSync(path)).toThrow("ENOENT");
});

test.each([0o700, 0o755])(
  "the umask stays where the directory of a socket, of mode %o, is private",
  async (mode) => {
    const directory = join(server.directory, `of-${mode}`);
    mkdirSync(directory);
    chmodSync(directory, mode);
    const path = join(directory, "s");
    // Other threads, and what else the process has open, make files meanwhile.
    const changes = vi.spyOn(process, "umask");
    const listener = await listenOnSocket(server.database, path);
    expect(changes.mock.calls.length > 0).toBe(mode !== 0o700);
    changes.mockRestore();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await listener.close();
  },
);

test("MONITOR shows commands without secrets", async () => {
  const monitor = await server.client();
  monitor.send("MONITOR\r\n");
  expect(String(await monitor.until("\r\n"))).toBe("+OK");
  await client.pipeline(
    ["AUTH", "u", "hunter2"],
    ["HELLO", "2", "AUTH", "u", "hunter2"],
    ["BPUT", "content"],
    ["GET", 'a"b'],
  );
  const lines = String(await monitor.until('"get" "a\\"b"\r\n'));
  expect(lines).toMatch(/^\+\d+\.\d{6} \[0 127\.0\.0\.1:\d+\] "auth" "\(redacted\)"/);
  expect(lines).toContain('"hello" "2" "AUTH" "(redacted)" "(redacted)"');
  expect(lines).toContain('"bput" "(blob len:7)"');
  expect(lines).not.toContain("hunter2");
  monitor.close();
});

test("CLIENT LIST and KILL", async () => {
  const victim = await server.client();
  const id = (await victim.command("CLIENT", "ID")).slice(1, -2);
  await victim.command("CLIENT", "SETNAME", "victim");
  expect(await client.command("CLIENT", "LIST", "ID", id)).toMatch(/name=victim .*cmd=ping/);
  expect(await client.command("CLIENT", "KILL", "ID", id)).toBe(":1\r\n");
  await victim.rest();
  expect(await client.command("CLIENT", "KILL", "1.2.3.4:5")).toBe("-ERR No such client\r\n");
});
