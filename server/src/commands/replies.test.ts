import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { RawClient, Word } from "../testing/raw-client.ts";
import { openTestServer, type TestServer } from "../testing/test-server.ts";

let server: TestServer;
let client: RawClient;
let database = 0;

beforeAll(async () => {
  server = await openTestServer();
  client = await server.client();
});
afterAll(() => server.close());
// A database of its own for each test: none sees another's keys.
beforeEach(() => client.command("SELECT", `db${database++}`));

const HEX = "ab".repeat(32);
const WRONGTYPE = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";
const NOT_INTEGER = "-ERR value is not an integer or out of range\r\n";
const SYNTAX = "-ERR syntax error\r\n";
const arity = (name: string) => `-ERR wrong number of arguments for '${name}' command\r\n`;
const bulk = (...texts: string[]) => texts.map((text) => `$${text.length}\r\n${text}\r\n`).join("");
const array = (...texts: string[]) => `*${texts.length}\r\n${bulk(...texts)}`;

type Step = [command: string | Word[], reply: string];

const CASES: [name: string, steps: Step[]][] = [
  [
    "ping and echo",
    [
      ["PING", "+PONG\r\n"],
      ["ping hi", bulk("hi")],
      ["PING a b", arity("ping")],
      ["ECHO x", bulk("x")],
      ["ECHO", arity("echo")],
    ],
  ],
  [
    "unknown commands",
    [
      ["FOO a b", "-ERR unknown command 'FOO', with args beginning with: 'a' 'b' \r\n"],
      [["F\r\nOO"], "-ERR unknown command 'F OO', with args beginning with: \r\n"],
      [
        ["X".repeat(300), "y".repeat(300)],
        `-ERR unknown command '${"X".repeat(128)}', with args beginning with: '${"y".repeat(128)}' \r\n`,
      ],
      ["CLIENT FOO", "-ERR unknown subcommand 'FOO'. Try CLIENT HELP.\r\n"],
      ["CLIENT SETNAME", arity("client|setname")],
    ],
  ],
  [
    "strings",
    [
      ["GET k", "$-1\r\n"],
      ["SET k v", "+OK\r\n"],
      ["get k", bulk("v")],
      ["SET k", arity("set")],
      ["SET k v EX 10", SYNTAX],
      [["SET", "bin", Buffer.from([0, 255, 13, 10])], "+OK\r\n"],
      ["GET bin", "$4\r\n\x00\xff\r\n\r\n"],
      ["SET empty ", "-ERR wrong number of arguments for 'set' command\r\n"],
      [["SET", "empty", ""], "+OK\r\n"],
      ["GET empty", bulk("")],
      ["RANGE a z", array("\x00\xff\r\n", "", "v")],
      ["RANGE a z 2", array("\x00\xff\r\n", "")],
      ["RANGE k k 0", array("v")],
      ["RANGE x z", "*0\r\n"],
      ["RANGE a z x", NOT_INTEGER],
      ["RANGE a", arity("range")],
      ["HGET k f", WRONGTYPE],
      ["SADD k m", WRONGTYPE],
      ["TYPE k", "+string\r\n"],
      ["DEL k k bin nothing", ":2\r\n"],
      ["TYPE k", "+none\r\n"],
    ],
  ],
  [
    "hashes",
    [
      ["HGETALL h", "*0\r\n"],
      ["HLEN h", ":0\r\n"],
      ["HSET h b 2 a 1", ":2\r\n"],
      ["HSET h a 9 c 3", ":1\r\n"],
      ["HMSET h d 4", "+OK\r\n"],
      ["HSET h a", arity("hset")],
      ["HMSET h a 1 b", arity("hmset")],
      ["HGET h a", bulk("9")],
      ["HGET h x", "$-1\r\n"],
      ["HGETALL h", array("a", "9", "b", "2", "c", "3", "d", "4")],
      ["HLEN h", ":4\r\n"],
      ["HDEL h a x", ":1\r\n"],
      ["HSCAN h 0", `*2\r\n${bulk("0")}${array("b", "2", "c", "3", "d", "4")}`],
      ["HSCAN h 0 MATCH [bc] COUNT 100", `*2\r\n${bulk("0")}${array("b", "2", "c", "3")}`],
      ["HSCAN h x", "-ERR invalid cursor\r\n"],
      ["HSCAN h 0 COUNT 0", SYNTAX],
      ["HSCAN h 0 COUNT x", NOT_INTEGER],
      ["HSCAN h 0 FOO 1", SYNTAX],
      ["GET h", WRONGTYPE],
      ["TYPE h", "+hash\r\n"],
      ["HDEL h b c d", ":3\r\n"],
      ["EXISTS h", ":0\r\n"],
    ],
  ],
  [
    "sets",
    [
      ["SMEMBERS s", "*0\r\n"],
      ["SADD s b a b", ":2\r\n"],
      ["SADD s a c", ":1\r\n"],
      [["SADD", "s", Buffer.of(255)], ":1\r\n"],
      ["SCARD s", ":4\r\n"],
      ["SREM s \xff", ":0\r\n"],
      [["SREM", "s", Buffer.of(255)], ":1\r\n"],
      ["SMEMBERS s", array("a", "b", "c")],
      ["SISMEMBER s a", ":1\r\n"],
      ["SISMEMBER s x", ":0\r\n"],
      ["SSCAN s 0", `*2\r\n${bulk("0")}${array("a", "b", "c")}`],
      ["LLEN s", WRONGTYPE],
      ["SADD s", arity("sadd")],
      ["SREM s a b c d", ":3\r\n"],
      ["SCARD s", ":0\r\n"],
    ],
  ],
  [
    "lists",
    [
      ["LLEN l", ":0\r\n"],
      ["LLAST l", "$-1\r\n"],
      ["LADD l 10 ten 2 two", "+OK\r\n"],
      ["LADD l 18446744073709551615 max", "+OK\r\n"],
      ["LADD l 18446744073709551616 more", NOT_INTEGER],
      ["LADD l -1 less", NOT_INTEGER],
      ["LADD l 1.5 half", NOT_INTEGER],
      ["LADD l 1", arity("ladd")],
      ["LADD l 1 a 2", arity("ladd")],
      ["LLEN l", ":3\r\n"],
      ["LINDEX l 2", bulk("two")],
      ["LINDEX l 3", "$-1\r\n"],
      ["LITER l", array("two", "ten", "max")],
      ["LITER l WITH INDEX", array("2", "two", "10", "ten", "18446744073709551615", "max")],
      ["LRITER l with index", array("18446744073709551615", "max", "10", "ten", "2", "two")],
      ["LITER l WITH", SYNTAX],
      ["LRANGE l 0 10", array("two", "ten")],
      ["LRANGE l 0 + 1", array("two")],
      ["LRANGE l 3 9", "*0\r\n"],
      ["LRANGE l a b", NOT_INTEGER],
      ["LLAST l", bulk("max")],
      ["LLAST l 0 11", bulk("ten")],
      ["LLAST l 0 + 2", bulk("ten")],
      [["LLAST", "l", "0", Buffer.of(255), "0"], bulk("max")],
      ["LLAST l WITH INDEX", array("18446744073709551615", "max")],
      ["LPREV l 9", bulk("two")],
      ["LPREV l 10 WITH INDEX", array("10", "ten")],
      ["LPREV l 1", "$-1\r\n"],
      ["LMRANGE l 0 5", array("2", "two", "10", "ten")],
      ["LMRANGE l 3 5", array("10", "ten", "18446744073709551615", "max")],
      ["LMRANGE l 3 5 1", array("10", "ten")],
      ["LMRANGE l 0 18446744073709551615", array("2", "two", "10", "ten", "18446744073709551615", "max")],
      ["LDEL l 2 3", ":1\r\n"],
      ["LLEN l", ":2\r\n"],
      ["HLEN l", WRONGTYPE],
      ["TYPE l", "+list\r\n"],
    ],
  ],
  [
    "keys",
    [
      ["SET a 1", "+OK\r\n"],
      ["SET b 1", "+OK\r\n"],
      ["SADD ab x", ":1\r\n"],
      ["KEYS *", array("a", "ab", "b")],
      ["KEYS a*", array("a", "ab")],
      ["KEYS [", "*0\r\n"],
      ["DBSIZE", ":3\r\n"],
      ["EXISTS a b a nothing", ":3\r\n"],
      ["SCAN 0", `*2\r\n${bulk("0")}${array("a", "ab", "b")}`],
      ["SCAN 0 TYPE set", `*2\r\n${bulk("0")}${array("ab")}`],
      ["SCAN 0 MATCH ?", `*2\r\n${bulk("0")}${array("a", "b")}`],
      ["SCAN -1", "-ERR invalid cursor\r\n"],
      ["SELECT other", "+OK\r\n"],
      ["DBSIZE", ":0\r\n"],
      [["SELECT", ""], "-ERR the database without a name is reserved for backups; choose another name\r\n"],
    ],
  ],
  [
    "reserved keys",
    [
      ["SADD snapshots x", /RESERVED/.source],
      ["SET pins x", /RESERVED/.source],
      [["HSET", HEX, "a", "b"], /RESERVED/.source],
      [["DEL", HEX.slice(0, 40)], /RESERVED/.source],
      ["SMEMBERS snapshots", "*0\r\n"],
      [["HGETALL", HEX], "*0\r\n"],
      [["TYPE", HEX], "+none\r\n"],
    ],
  ],
  [
    "blobs",
    [
      ["HASH hello", bulk("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")],
      ["BPUT hello", bulk("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")],
      ["BGET 2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824", bulk("hello")],
      [["BGET", HEX], "$-1\r\n"],
      ["BGET abc", "-ERR a name in this store has 64 hexadecimal digits: 'abc' is none\r\n"],
      [["BEXISTS", HEX], ":0\r\n"],
      [
        ["BEXISTS", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", HEX],
        "*2\r\n:1\r\n:0\r\n",
      ],
      [
        ["BEXISTS", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", "KIND", "node"],
        ":0\r\n",
      ],
      ["BPUT x KIND log", "-ERR log records are written by the server alone; a kind is data or node\r\n"],
      ["BPUT x KIND foo", SYNTAX],
      ["BPUT x KIND", SYNTAX],
      ["BCNT", ":1\r\n"],
      ["BSIZE", ":5\r\n"],
      [
        "BSCAN 0",
        `*2\r\n${bulk("0")}${array("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")}`,
      ],
      ["DONE", "+OK\r\n"],
      ["INIT", "+OK\r\n"],
    ],
  ],
  [
    "transactions",
    [
      ["TXCOMMIT", "-ERR TXCOMMIT and TXDISCARD without TXINIT\r\n"],
      ["TXDISCARD", "-ERR TXCOMMIT and TXDISCARD without TXINIT\r\n"],
      ["TXINIT mine", "+OK\r\n"],
      ["TXINIT", "-ERR TXINIT calls can not be nested\r\n"],
      ["SET t 1", "+OK\r\n"],
      ["SADD t x", WRONGTYPE],
      ["HSET th a 1 b 2", ":2\r\n"],
      ["HSET th a 1 c 2", ":1\r\n"],
      ["GET t", bulk("1")],
      ["TXCOMMIT", "+OK\r\n"],
      ["GET t", bulk("1")],
      ["HLEN th", ":3\r\n"],
      ["TXINIT mine", "+OK\r\n"],
      ["SET t 2", "+OK\r\n"],
      ["TXCOMMIT", "+OK\r\n"],
      ["GET t", bulk("1")],
      ["TXINIT other", "+OK\r\n"],
      ["DEL t", ":1\r\n"],
      ["EXISTS t", ":0\r\n"],
      ["TXDISCARD", "+OK\r\n"],
      ["EXISTS t", ":1\r\n"],
      ["TXINIT a b", arity("txinit")],
    ],
  ],
  [
    "store commands",
    [
      ["BACKUPS", "*0\r\n"],
      [
        "BACKUP host path x",
        "-ERR BACKUP needs a transaction: send TXINIT first, TXCOMMIT lists the backup\r\n",
      ],
      ["BACKUP host path", arity("backup")],
      ["FORGET x", /64 hexadecimal digits/.source],
      [["FORGET", HEX], ":0\r\n"],
      [["PIN", HEX], /NOTFOUND there is no backup/.source],
      [["UNPIN", HEX], /NOTFOUND there is no backup/.source],
      [["TAG", HEX, "[]"], /NOTFOUND there is no backup/.source],
      [["TAG", HEX, "x"], /tags are a JSON array of strings/.source],
      ["LEASE SECONDS 0", /SECONDS is 1 to/.source],
      ["LEASE FOO 1", SYNTAX],
      ["CHECK READ-DATA 200", /percentage/.source],
    ],
  ],
  [
    "connection commands",
    [
      ["CLIENT GETNAME", "$-1\r\n"],
      ["CLIENT SETNAME me", "+OK\r\n"],
      ["CLIENT GETNAME", bulk("me")],
      [
        ["CLIENT", "SETNAME", "a b"],
        "-ERR Client names cannot contain spaces, newlines or special characters.\r\n",
      ],
      ["CLIENT NO-EVICT on", "+OK\r\n"],
      ["CLIENT SETINFO lib-name x", "+OK\r\n"],
      ["CLIENT SETINFO foo x", "-ERR Unrecognized option 'foo'\r\n"],
      ["COMMAND COUNT", /^:\d+\r\n$/.source],
      ["COMMAND GETKEYS HSET k f v", array("k")],
      ["COMMAND GETKEYS DEL a b c", array("a", "b", "c")],
      ["COMMAND GETKEYS PING", "-ERR The command has no key arguments\r\n"],
      ["COMMAND GETKEYS FOO", "-ERR Invalid command specified\r\n"],
      ["COMMAND INFO nothing", "*1\r\n$-1\r\n"],
      ["HELLO 4", "-NOPROTO unsupported protocol version\r\n"],
      ["HELLO x", "-ERR Protocol version is not an integer or out of range\r\n"],
      ["HELLO 2 FOO", "-ERR Syntax error in HELLO option 'FOO'\r\n"],
      ["AUTH x", /called without any password configured/.source],
      ["NOW", /^\+\d{10}\r\n$/.source],
      ["TIME", /^\*2\r\n\$10\r\n\d{10}\r\n\$\d\r\n\d+\r\n$/.source],
      ["SHUTDOWN FOO", SYNTAX],
      ["SHUTDOWN", /only datadb server can be shut down/.source],
    ],
  ],
];

test.each(CASES)("%s", async (_name, steps) => {
  for (const [command, expected] of steps) {
    const words = typeof command === "string" ? command.split(" ").filter((word) => word !== "") : command;
    const reply = await client.command(...words);
    const said = words.map(String).join(" ").slice(0, 100);
    if (/^[+\-:$*]/.test(expected)) expect(reply, said).toBe(expected);
    else expect(reply, said).toMatch(new RegExp(expected));
  }
});
