import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerRequest, type Receiver } from "../device/answer-request.ts";
import { createAskers } from "../device/askers.ts";
import { createInodeTable } from "../inodes/inode-table.ts";
import { writeAttributes } from "./attributes.ts";
import { entryPacker } from "./directory-entries.ts";
import { answerInit } from "./init.ts";
import { attributesReply, entryReply, errorReply, FOREVER, openReply, statfsReply } from "./reply.ts";
import { readForgets, readName, readRequest } from "./request.ts";

/** A request written out by hand: little-endian, as fuse.h has it. */
function request(opcode: number, node: number, body = ""): Buffer {
  const rest = Buffer.from(body.replaceAll(/\s/g, ""), "hex");
  const header = Buffer.alloc(40);
  header.writeUInt32LE(40 + rest.length, 0);
  header.writeUInt32LE(opcode, 4);
  header.write("0807060504030201", 8, "hex");
  header.writeBigUInt64LE(BigInt(node), 16);
  return Buffer.concat([header, rest]);
}

const hex = (bytes: Buffer): string => bytes.toString("hex");
const ask = readRequest(request(3, 1));
const words = new Uint32Array(22);
const attributes = Buffer.from(words.buffer);
writeAttributes(
  words,
  0,
  {
    type: "file",
    mode: 0o4755,
    uid: 1000,
    gid: 2000,
    mtime: -1n,
    size: 5_000_000_000,
    link: Buffer.from("a"),
  },
  0x11223344,
  0x55667788,
);
const GOLDEN_ATTRIBUTES = [
  "4433221188776655", // ino
  "00f2052a01000000", // size
  "0003950000000000", // blocks of 512, whole pages of them
  "ffffffffffffffff".repeat(3), // one second before 1970 ...
  "ffc99a3b".repeat(3), // ... and 999,999,999 ns
  "ed890000", // mode 0104755
  "02000000e8030000d0070000", // links, uid, gid
  "000000000010000000000000", // rdev, block size, flags
].join("");

describe("bytes of replies", () => {
  it("attributes", () => expect(hex(attributes)).toBe(GOLDEN_ATTRIBUTES));

  it("an error, with the request's own number", () =>
    expect(hex(errorReply(ask, 2))).toBe("10000000feffffff0807060504030201"));

  it("an entry, and a name that is absent for ever", () => {
    const validity = "8033e10100000000"; // a year in seconds
    const found = entryReply(ask, 0x1_0000_0002, attributes, FOREVER);
    expect(hex(found)).toBe(
      `9000000000000000080706050403020102000000010000000000000000000000${validity}${validity}0000000000000000${GOLDEN_ATTRIBUTES}`,
    );
    const absent = entryReply(ask, 0, null, FOREVER);
    expect(hex(absent)).toBe(
      `900000000000000008070605040302010000000000000000${"00".repeat(8)}${validity}${validity}${"00".repeat(96)}`,
    );
  });

  it("attributes alone, an open file, a full file system", () => {
    expect(hex(attributesReply(ask, attributes, { entry: 0, attributes: 1 }))).toBe(
      `7800000000000000080706050403020101000000000000000000000000000000${GOLDEN_ATTRIBUTES}`,
    );
    expect(hex(openReply(ask, 7, 2))).toBe(
      "2000000000000000080706050403020107000000000000000200000000000000",
    );
    expect(hex(statfsReply(ask, 8192, 3))).toBe(
      `600000000000000008070605040302010200000000000000${"00".repeat(16)}0300000000000000${"00".repeat(8)}00100000ff00000000100000${"00".repeat(28)}`,
    );
  });

  it("entries of a directory, padded with zeros in a buffer that was used before", () => {
    const packer = entryPacker(Buffer.alloc(4096, 0xaa), ask, 32, false);
    expect(packer.add(Buffer.from("abc"), 9, 5, attributes)).toBe(true);
    expect(packer.add(Buffer.from("d"), 10, 5, attributes)).toBe(false);
    expect(hex(packer.reply())).toBe(
      "300000000000000008070605040302014433221188776655090000000000000003000000080000006162630000000000",
    );
  });

  it("INIT: what both know, and no more", () => {
    const body = "070000002d00000000000200fbffff73fd050000".padEnd(128, "0");
    const bytes = request(26, 0, body);
    const answer = answerInit(bytes, readRequest(bytes));
    expect(answer?.version).toEqual({ major: 7, minor: 45 });
    expect(hex(answer!.reply)).toBe(
      `500000000000000008070605040302010700000029000000000010002160c44040003000000001000100000000010000${"00".repeat(32)}`,
    );
    const newer = request(26, 0, "080000000000000000000000".padEnd(128, "0"));
    expect(answerInit(newer, readRequest(newer))?.reply.readUInt32LE(16)).toBe(7);
    const old = request(26, 0, "070000000800000000000000".padEnd(128, "0"));
    expect(answerInit(old, readRequest(old))).toBe(null);
  });
});

describe("requests", () => {
  it("names end at NUL", () => {
    const bytes = request(1, 1, "616263007878");
    expect(readName(bytes, 44).toString()).toBe("abc");
  });

  it("a batch of forgets that claims more than it holds is cut", () => {
    const bytes = request(42, 0, "ffffffff00000000 0500000000000000 0200000000000000");
    expect(readForgets(bytes, readRequest(bytes), true)).toEqual([[5, 2]]);
  });

  it("whatever comes, there is an answer or a message, and no exception", () => {
    const opcodes = fc.constantFrom(
      1,
      2,
      3,
      5,
      9,
      14,
      15,
      17,
      18,
      22,
      23,
      25,
      27,
      28,
      29,
      36,
      38,
      42,
      44,
      46,
      99,
    );
    const seed = Number(process.env["DATADB_TEST_SEED"] ?? 1);
    fc.assert(
      fc.property(
        opcodes,
        fc.nat(),
        fc.uint8Array({ minLength: 48, maxLength: 200 }),
        (opcode, node, body) => {
          const posted: unknown[] = [];
          const receiver: Receiver = {
            inodes: createInodeTable(1000),
            post: (message) => posted.push(message),
            buffer: Buffer.alloc(70_000),
            nextHandle: 1,
            askers: createAskers(),
            totals: new Float64Array(2),
          };
          const bytes = request(opcode, node, hex(Buffer.from(body)));
          const reply = answerRequest(receiver, readRequest(bytes), bytes);
          const silent = [2, 42].includes(opcode);
          if (reply === null) expect(silent || posted.length > 0).toBe(true);
          else expect(reply.readUInt32LE(0)).toBe(reply.length);
        },
      ),
      { numRuns: 500, seed },
    );
  });
});
