/** What the server reads of clients, configurations and its own databases, fed with damaged input. */
import { DatadbError } from "@datadb/protocol";
import { type FuzzSubject, fuzzDecoder } from "@datadb/protocol/fuzz";
import { expect, test } from "vitest";
import { packedEntries } from "./keyspace/packed-hash.ts";
import { decodeLease } from "./leases/lease-value.ts";
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

const SUBJECTS: FuzzSubject[] = [
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
