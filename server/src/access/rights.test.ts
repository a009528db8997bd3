/** Who may do what: the whole catalogue against nobody, read, append and admin. */
import { COMMANDS, type CommandSpec, OK, RIGHTS } from "@datadb/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Session } from "../session/session.ts";
import type { RawClient } from "../testing/raw-client.ts";
import { openTestServer, type TestServer } from "../testing/test-server.ts";
import { hashPassword } from "./password-hash.ts";

let server: TestServer;

beforeAll(async () => {
  process.env["DATADB_TEST_PASSWORD"] = "from the environment";
  const users = [
    `users:`,
    `  default: { password: "${await hashPassword("the default's")}", right: read }`,
    ...RIGHTS.map((right) => `  ${right}: { password: "env:DATADB_TEST_PASSWORD", right: ${right} }`),
  ];
  server = await openTestServer(users.join("\n"));
});
afterAll(async () => {
  delete process.env["DATADB_TEST_PASSWORD"];
  await server.close();
});

async function clientOf(name?: string): Promise<RawClient> {
  const client = await server.client();
  if (name !== undefined) {
    client.send(`AUTH ${name} "from the environment"\r\n`);
    expect(String(await client.until("\r\n"))).toBe("+OK");
  }
  return client;
}

/** Fewest words that pass the check of their number. */
function words(spec: CommandSpec): string[] {
  return [spec.name, ...Array.from({ length: Math.abs(spec.arity) - 1 }, (_none, i) => `x${i}`)];
}

/** These answer by closing, by streaming or by working on all of the store: their refusal is what is tested. */
const TOO_MUCH = new Set(["quit", "monitor", "shutdown", "check"]);
const specs = [...COMMANDS.values()];

test.each(specs.map((spec) => [spec.name, spec] as const))(
  "%s without authentication",
  async (_name, spec) => {
    if (spec.name === "quit") return;
    const client = await clientOf();
    client.send(`${words(spec).join(" ")}\r\n`);
    const reply = String(await client.until("\r\n"));
    client.close();
    if (spec.flags.includes("no_auth")) expect(reply).not.toBe("-NOAUTH Authentication required.");
    else expect(reply).toBe("-NOAUTH Authentication required.");
  },
);

describe.each(RIGHTS)("the right %s", (right) => {
  test("admits exactly the commands of the catalogue", async () => {
    const client = await clientOf(right);
    for (const spec of specs) {
      const allowed = RIGHTS.indexOf(right) >= RIGHTS.indexOf(spec.right);
      if (TOO_MUCH.has(spec.name) && allowed) continue;
      if (["auth", "hello"].includes(spec.name)) continue;
      const reply = await client.command(...words(spec));
      const refused = `-NOPERM User ${right} has no permissions to run the '${spec.name}' command\r\n`;
      if (allowed) expect(reply, spec.name).not.toContain("-NOPERM");
      else expect(reply, spec.name).toBe(refused);
      await client.command("TXDISCARD");
    }
    client.close();
  });
});

test("subcommands have rights of their own", async () => {
  const reader = await clientOf("read");
  expect(await reader.command("CLIENT", "LIST")).toBe(
    "-NOPERM User read has no permissions to run the 'client|list' command\r\n",
  );
  expect(await reader.command("CLIENT", "INFO")).toContain("user=read");
});

test("append adds, but overwrites nothing", async () => {
  const admin = await clientOf("admin");
  const append = await clientOf("append");
  expect(await append.command("SET", "a", "1")).toBe("+OK\r\n");
  expect(await append.command("SET", "a", "1")).toBe("+OK\r\n");
  expect(await append.command("SET", "a", "2")).toMatch(/^-NOPERM User append .*the key 'a' exists/);
  expect(await append.command("HSET", "h", "f", "1")).toBe(":1\r\n");
  expect(await append.command("HSET", "h", "f", "2")).toMatch(/^-NOPERM .*the field 'f' exists/);
  expect(await append.command("HSET", "h", "g", "2", "f", "1")).toBe(":1\r\n");
  expect(await append.command("LADD", "l", 1, "x")).toBe("+OK\r\n");
  expect(await append.command("LADD", "l", 1, "y")).toMatch(/^-NOPERM .*the index 1 exists/);
  expect(await append.command("SADD", "s", "m")).toBe(":1\r\n");
  expect(await append.command("SET", "s", "x")).toMatch(/^-NOPERM/);
  expect(await append.command("SET", "h", "x")).toMatch(/^-NOPERM/);
  expect(await admin.command("SET", "a", "2")).toBe("+OK\r\n");
  expect(await append.command("GET", "a")).toBe("$1\r\n2\r\n");
  expect(await append.command("DEL", "a")).toMatch(/^-NOPERM/);
});

test("append overwrites nothing through a transaction either, whoever came first", async () => {
  const admin = await clientOf("admin");
  const append = await clientOf("append");
  await append.command("TXINIT");
  expect(await append.command("SET", "tx", "mine")).toBe("+OK\r\n");
  expect(await append.command("SET", "tx", "again")).toMatch(/^-NOPERM/);
  await admin.command("SET", "tx", "first");
  expect(await append.command("TXCOMMIT")).toMatch(/^-NOPERM .*the key 'tx' exists/);
  expect(await append.command("TXDISCARD")).toBe("+OK\r\n");
  expect(await admin.command("GET", "tx")).toBe("$5\r\nfirst\r\n");
});

test("of many at once one wins, and the others are told", async () => {
  const clients = await Promise.all(Array.from({ length: 8 }, () => clientOf("append")));
  const replies = await Promise.all(clients.map((client, i) => client.command("SET", "race", `value ${i}`)));
  const winner = replies.indexOf("+OK\r\n");
  expect(replies.filter((reply) => reply === "+OK\r\n")).toHaveLength(1);
  expect(await clients[0]!.command("GET", "race")).toContain(`value ${winner}`);
});

test("only admin gives a backup its time", async () => {
  const time = ["ts", "2020-01-02T03:04:05.678Z"];
  const send = (client: RawClient) =>
    client.pipeline(["TXINIT"], ["BACKUP", "h", "p", "0".repeat(64), ...time], ["TXDISCARD"]);
  expect(await send(await clientOf("append"))).toContain("-NOPERM only a user with the right admin");
  expect(await send(await clientOf("admin"))).toContain("-NOCHILD");
});

test("encoded sizes are for admin", async () => {
  const append = await clientOf("append");
  expect(await append.command("SIZE")).toMatch(/^-NOPERM/);
  expect(await append.command("STATS")).not.toContain("stored-bytes");
  expect(await (await clientOf("admin")).command("STATS")).toContain("stored-bytes");
});

test("AUTH and HELLO AUTH: right, wrong, and who one is afterwards", async () => {
  const client = await server.client();
  const say = async (line: string): Promise<string> => {
    client.send(`${line}\r\n`);
    return String(await client.until("\r\n"));
  };
  expect(await say("AUTH wrong")).toBe("-WRONGPASS invalid username-password pair or user is disabled.");
  expect(await say("AUTH nobody wrong")).toBe(
    "-WRONGPASS invalid username-password pair or user is disabled.",
  );
  expect(await say("HELLO 3")).toMatch(/^-NOAUTH HELLO must be called with the client already authenticated/);
  expect(await say("GET a")).toBe("-NOAUTH Authentication required.");
  expect(await say(`AUTH "the default's"`)).toBe("+OK");
  expect(await client.command("CLIENT", "INFO")).toContain("user=default");
  expect(await say(`HELLO 3 AUTH append "from the environment" SETNAME me`)).toBe("%7");
  expect(await client.command("CLIENT", "INFO")).toMatch(/name=me .*user=append/);
  expect(await client.command("AUTH", "admin", "wrong")).toMatch(/-WRONGPASS/);
  expect(await client.command("CLIENT", "INFO")).toContain("user=append");
});

test("AUTH at the head of a pipeline holds for what follows", async () => {
  const client = await server.client();
  const content = Buffer.alloc(100_000, 1);
  const replies = await client.pipeline(
    ["AUTH", "append", "from the environment"],
    ["BPUT", content],
    ["GET", "nothing"],
  );
  expect(replies).toMatch(/^\+OK\r\n\$64\r\n[0-9a-f]{64}\r\n\$-1\r\n$/);
});

test("the client in the server's own process is trusted", async () => {
  const session = new Session(server.database, { address: "embedded" });
  expect(await session.execute([Buffer.from("SET"), Buffer.from("embedded"), Buffer.from("1")])).toBe(OK);
  session.close();
});

test("before authentication little is read", async () => {
  const big = await server.client();
  big.send("*2\r\n$4\r\nAUTH\r\n$16385\r\n");
  expect(await big.rest()).toBe("-ERR Protocol error: invalid bulk length\r\n");
  const many = await server.client();
  many.send("*11\r\n");
  expect(await many.rest()).toBe("-ERR Protocol error: invalid multibulk length\r\n");
});
