/** What the server reads of clients, configurations and its own databases, fed with damaged input. */
import { DatadbError } from "@datadb/protocol";
import { type FuzzSubject, fuzzDecoder } from "@datadb/protocol/fuzz";
import { expect, test } from "vitest";
import { packedEntries } from "./keyspace/packed-hash.ts";
import { decodeLease } from "./leases/lease-value.ts";
import { maskedCrc32c } from "./level-files/crc32c.ts";
import { decodeSnappy } from "./level-files/decode-snappy.ts";
import { applyEdit, emptyManifest } from "./level-files/manifest-edits.ts";
import { verifyTable } from "./level-files/verify-table.ts";
import { CommandParser } from "./listeners/resp/command-parser.ts";
import { ProtocolError } from "./listeners/resp/protocol-error.ts";
import { decodeHead } from "./log/head.ts";
import { parseConfig } from "./store/parse-config.ts";

const bytes = (text: string): Buffer => Buffer.from(text);
const isOurs = (error: unknown): boolean => error instanceof DatadbError;

function parseAll(wire: Buffer): number {
  const parser = new CommandParser({
    arguments: 1024,
    bulkBytes: 1 << 20,
    commandBytes: 2 << 20,
    inlineBytes: 1024,
  });
  let commands = 0;
  // In two chunks: what is announced in one and missing in the other.
  const half = Math.floor(wire.length / 2);
  for (const chunk of [wire.subarray(0, half), wire.subarray(half)]) {
    parser.push(chunk);
    for (let command = parser.next(); command !== null; command = parser.next()) commands += 1;
  }
  return commands;
}

const CONFIG = `format: 1
id: "00112233445566778899aabbccddeeff"
hash: sha256
timezone: Europe/Berlin
chunker: { algorithm: fastcdc, min: 16384, avg: 65536, max: 262144 }
blobs: { blobsfile: { path: blobs, maxPackBytes: 1048576 } }
users: [ { name: ann, password: "env:SECRET", right: admin } ]
listeners: { tcp: { host: 127.0.0.1, port: 9736 } }
`;

/** A table of one block, as LevelDB lays it out. */
function tableOf(content: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  const add = (block: Buffer): Buffer => {
    const bytes = Buffer.concat([block, Buffer.alloc(5)]);
    bytes.writeUInt32LE(maskedCrc32c(bytes, 0, block.length + 1), block.length + 1);
    parts.push(bytes);
    at += bytes.length;
    return Buffer.from([at - bytes.length, block.length]);
  };
  const handle = add(content);
  const restarts = Buffer.from("0000000001000000", "hex");
  const metaindex = add(restarts);
  const index = add(Buffer.concat([Buffer.from([0, 1, 2, 0x6b]), handle, restarts]));
  const footer = Buffer.alloc(48);
  Buffer.concat([metaindex, index]).copy(footer);
  footer.writeBigUInt64LE(0xdb4775248b80fb57n, 40);
  return Buffer.concat([...parts, footer]);
}

/** A literal, a copy that overlaps itself, a literal. */
const SNAPPY = Buffer.from("0f08616263150308646566", "hex");
/** Comparator, log 7, previous log 0, next file 9, table 5 of level 0 with 100 bytes, without table 3. */
const EDIT = Buffer.from("0101620207090003090700056401610162060003", "hex");

const SUBJECTS: FuzzSubject[] = [
  {
    name: "blocks of tables",
    seeds: [SNAPPY, Buffer.concat([Buffer.from([60]), Buffer.from([236]), Buffer.alloc(60, 7)])],
    decode: decodeSnappy,
    declares: isOurs,
  },
  {
    name: "tables",
    seeds: [tableOf(Buffer.from("some block of a table"))],
    decode: (input) => verifyTable(input),
    declares: isOurs,
  },
  {
    name: "edits of manifests",
    seeds: [EDIT],
    decode: (input) => applyEdit(emptyManifest(), input),
    declares: isOurs,
  },
  {
    name: "RESP commands",
    seeds: [
      bytes("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nvalue\r\n*1\r\n$4\r\nPING\r\n"),
      bytes("PING\r\n  get 'a b' \"\\x41\\n\"\r\n*0\r\n*-1\r\n"),
      bytes(`*2\r\n$4\r\nECHO\r\n$300\r\n${"e".repeat(300)}\r\n`),
    ],
    decode: parseAll,
    declares: (error) => error instanceof ProtocolError,
  },
  {
    name: "configurations",
    seeds: [bytes(CONFIG), bytes("format: 1\nid: '00112233445566778899aabbccddeeff'\nhash: sha1\n")],
    decode: (input) => parseConfig(input.toString(), "config.yaml"),
    declares: isOurs,
  },
  {
    name: "packed hashes",
    seeds: [Buffer.from("0201016101620163020102", "hex"), Buffer.from("0201", "hex")],
    decode: packedEntries,
    declares: isOurs,
  },
  {
    name: "heads",
    seeds: [Buffer.concat([Buffer.from([0x85, 1]), Buffer.alloc(32, 7)])],
    decode: (input) => decodeHead(input, 32),
    declares: isOurs,
  },
  {
    name: "leases",
    seeds: [bytes('{"created":1,"expires":2,"parent":null,"sequence":3}')],
    decode: decodeLease,
    declares: isOurs,
  },
];

test.each(SUBJECTS)("$name: input of any kind gives a value or a declared error", (subject) => {
  const { inputs, accepted, slowestMs } = fuzzDecoder(subject);
  console.info(
    `${subject.name}: ${inputs} inputs, ${accepted} accepted, the slowest took ${slowestMs.toFixed(1)} ms`,
  );
  expect(accepted).toBeLessThan(inputs);
});
