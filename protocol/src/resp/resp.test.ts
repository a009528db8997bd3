import { describe, expect, test } from "vitest";
import { encodeCommand } from "./encode-command.ts";
import { encodeReplies, encodeReply } from "./encode-reply.ts";
import {
  MapReply,
  NULL_ARRAY,
  OK,
  plainReply,
  type Reply,
  ReplyError,
  SetReply,
  SimpleString,
  Verbatim,
} from "./reply.ts";

const text = (reply: Reply, version: 2 | 3) => Buffer.concat(encodeReply(reply, version)).toString("latin1");

const cases: [string, Reply, resp2: string, resp3: string][] = [
  ["status", OK, "+OK\r\n", "+OK\r\n"],
  ["status with line breaks", new SimpleString("a\r\nb"), "+a b\r\n", "+a b\r\n"],
  ["error", new ReplyError("ERR no\nsuch"), "-ERR no such\r\n", "-ERR no such\r\n"],
  ["text", "héé", "$5\r\nh\xc3\xa9\xc3\xa9\r\n", "$5\r\nh\xc3\xa9\xc3\xa9\r\n"],
  ["empty text", "", "$0\r\n\r\n", "$0\r\n\r\n"],
  ["bytes", Buffer.from([0, 255, 13, 10]), "$4\r\n\0\xff\r\n\r\n", "$4\r\n\0\xff\r\n\r\n"],
  ["integer", 42, ":42\r\n", ":42\r\n"],
  ["negative integer", -7, ":-7\r\n", ":-7\r\n"],
  ["bigint", 2n ** 63n - 1n, ":9223372036854775807\r\n", ":9223372036854775807\r\n"],
  [
    "greater than 64 bits signed",
    2n ** 64n - 1n,
    "$20\r\n18446744073709551615\r\n",
    "(18446744073709551615\r\n",
  ],
  ["double", 1.5, "$3\r\n1.5\r\n", ",1.5\r\n"],
  ["infinity", -Infinity, "$4\r\n-inf\r\n", ",-inf\r\n"],
  ["true", true, ":1\r\n", "#t\r\n"],
  ["false", false, ":0\r\n", "#f\r\n"],
  ["null", null, "$-1\r\n", "_\r\n"],
  ["null array", NULL_ARRAY, "*-1\r\n", "_\r\n"],
  ["array", [1, ["a"], null], "*3\r\n:1\r\n*1\r\n$1\r\na\r\n$-1\r\n", "*3\r\n:1\r\n*1\r\n$1\r\na\r\n_\r\n"],
  ["empty array", [], "*0\r\n", "*0\r\n"],
  ["map", new MapReply([["a", 1]]), "*2\r\n$1\r\na\r\n:1\r\n", "%1\r\n$1\r\na\r\n:1\r\n"],
  ["set", new SetReply(["a"]), "*1\r\n$1\r\na\r\n", "~1\r\n$1\r\na\r\n"],
  ["verbatim", new Verbatim("é"), "$2\r\n\xc3\xa9\r\n", "=6\r\ntxt:\xc3\xa9\r\n"],
];

describe("replies", () => {
  test.each(cases)("%s", (_, reply, resp2, resp3) => {
    expect(text(reply, 2)).toBe(resp2);
    expect(text(reply, 3)).toBe(resp3);
  });

  test("large bulks are not copied, and everything around them is in order", () => {
    const large = Buffer.alloc(100_000, "x");
    const buffers = encodeReply(["a", large, "b"], 2);
    expect(buffers).toContain(large);
    expect(Buffer.concat(buffers).toString()).toBe(`*3\r\n$1\r\na\r\n$100000\r\n${large}\r\n$1\r\nb\r\n`);
  });

  test("many small replies fill a few buffers that stay as they are", () => {
    const replies = Array.from({ length: 20_000 }, (_, i) => [i, `value ${i}`, Buffer.from("bytes")]);
    const buffers = encodeReplies(replies, 2);
    const again = encodeReplies(["other"], 2);
    expect(buffers.length).toBeLessThan(40);
    const expected = replies.map(
      ([i, value]) => `*3\r\n:${i}\r\n$${`${value}`.length}\r\n${value}\r\n$5\r\nbytes\r\n`,
    );
    expect(Buffer.concat(buffers).toString()).toBe(expected.join(""));
    expect(Buffer.concat(again).toString()).toBe("$5\r\nother\r\n");
  });

  test("texts longer than the scratch come whole", () => {
    const long = "é".repeat(70_000);
    expect(text([long, new SimpleString(long), "end"], 2)).toBe(
      Buffer.from(`*3\r\n$140000\r\n${long}\r\n+${long}\r\n$3\r\nend\r\n`).toString("latin1"),
    );
  });

  test("the kind of an error is its first word", () => {
    expect(new ReplyError("WRONGTYPE Operation against a key").kind).toBe("WRONGTYPE");
    expect(new ReplyError("ABORT").kind).toBe("ABORT");
  });
});

test("plain replies are what a RESP2 client gets", () => {
  const reply: Reply = [
    OK,
    "a",
    5,
    5n,
    2n ** 60n,
    2n ** 64n,
    true,
    null,
    NULL_ARRAY,
    new MapReply([["k", [1.5]]]),
  ];
  const b = (bulk: string) => Buffer.from(bulk);
  expect(plainReply(reply)).toEqual([
    "OK",
    b("a"),
    5,
    5,
    2n ** 60n,
    b("18446744073709551616"),
    1,
    null,
    null,
    [b("k"), [b("1.5")]],
  ]);
  expect(plainReply(new SetReply([new Verbatim("v")]))).toEqual([b("v")]);
  expect(() => plainReply([1, new ReplyError("ERR x")])).toThrow(ReplyError);
});

test("commands are arrays of bulks", () => {
  const large = Buffer.alloc(50_000, "x");
  const buffers = encodeCommand(["SET", "ké", 12, 2n ** 64n, large]);
  expect(buffers).toContain(large);
  expect(Buffer.concat(buffers).toString()).toBe(
    `*5\r\n$3\r\nSET\r\n$3\r\nké\r\n$2\r\n12\r\n$20\r\n18446744073709551616\r\n$50000\r\n${large}\r\n`,
  );
});
