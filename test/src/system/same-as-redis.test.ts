/** Replies byte for byte as a real Redis gives them, for the commands that both have. */
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { openWorld } from "../harness/command.ts";
import { lane } from "../harness/lanes.ts";
import { type Random, randomOf, seed } from "../harness/random.ts";
import { openRawSession, type RawSession } from "../harness/raw-session.ts";
import { startRedis } from "../harness/redis-process.ts";
import { scratch } from "../harness/scratch.ts";
import { startServer } from "../harness/server-process.ts";

const RANDOM_COMMANDS = 3000;
const KEYS = ["a", "b", "c", "key\r\nwith\0bytes", ""];
const WORDS = ["x", "y", "1", "", "a longer value with spaces", "\r\n", "ü"];

const FIXED: (string | Buffer)[][] = [
  ["PING"],
  ["PING", "hello"],
  ["ECHO"],
  ["GET"],
  ["get", "a", "b"],
  ["SET", "a"],
  ["NOSUCHCOMMAND", "x", "y"],
  ["HSET", "h"],
  ["HSET", "h", "f"],
  ["HSET", "h", "f", "v", "g"],
  ["SET", "s", Buffer.from([0, 1, 255, 13, 10])],
  ["GET", "s"],
  ["HGET", "s", "f"],
  ["SADD", "s", "m"],
  ["TYPE", "s"],
  ["TYPE", "absent"],
  ["EXISTS", "s", "s", "absent"],
  ["DEL", "s", "absent"],
  ["DBSIZE"],
  ["CLIENT", "GETNAME"],
  ["CLIENT", "SETNAME", "with space"],
  ["CLIENT", "SETNAME", "fine"],
  ["CLIENT", "GETNAME"],
  ["CLIENT", "NOSUCH"],
  ["HELLO", "9"],
  ["AUTH", "wrong"],
  ["SCAN", "not-a-cursor"],
  ["KEYS", "*"],
];

lane("replies", [{ program: "redis-server" }], () => {
  let ours: RawSession;
  let theirs: RawSession;

  beforeAll(async () => {
    const directory = scratch("same");
    const server = await startServer(openWorld(directory), join(directory, "store"));
    ours = await openRawSession(server.port);
    theirs = await openRawSession(await startRedis());
  });

  test.each(FIXED.map((words) => [words.map(String).join(" "), words] as const))(
    "%s",
    async (_name, words) => {
      expect(await ours.send(...words)).toBe(await theirs.send(...words));
    },
  );

  test(`${RANDOM_COMMANDS} random commands`, async () => {
    const random = randomOf("same as redis");
    for (let i = 0; i < RANDOM_COMMANDS; i++) {
      const words = randomCommand(random);
      const [mine, real] = [await ours.send(...words), await theirs.send(...words)];
      // The members of a set have no order in Redis.
      const same = words[0] === "SMEMBERS" ? sorted(mine) === sorted(real) : mine === real;
      expect(same ? real : mine, `command ${i} with seed ${seed}: ${JSON.stringify(words)}`).toBe(real);
    }
  });
});

function randomCommand(random: Random): string[] {
  const key = random.pick(KEYS);
  const word = (): string => random.pick(WORDS);
  return random.pick([
    ["SET", key, word()],
    ["GET", key],
    ["DEL", key],
    ["DEL", key, random.pick(KEYS)],
    ["EXISTS", key, random.pick(KEYS)],
    ["TYPE", key],
    ["DBSIZE"],
    ["HSET", key, word(), word()],
    ["HSET", key, word(), word(), word(), word()],
    ["HGET", key, word()],
    ["HLEN", key],
    ["HDEL", key, word(), word()],
    ["SADD", key, word(), word()],
    ["SCARD", key],
    ["SISMEMBER", key, word()],
    ["SMEMBERS", key],
    ["SREM", key, word()],
  ]);
}

const sorted = (reply: string): string => reply.split("\r\n").sort().join("\r\n");
