/** What the client reads of servers, people and backups, fed with damaged input. */
import { DatadbError, replyDecoder } from "@datadb/protocol";
import { type FuzzSubject, fuzzDecoder } from "@datadb/protocol/fuzz";
import { expect, test } from "vitest";
import { readManifest, readSequences } from "./postgres/manifest/read-manifest.ts";
import { parseSelector } from "./selector/parse-selector.ts";
import { PreviousCache } from "./source/previous-tree.ts";

const bytes = (text: string): Buffer => Buffer.from(text);
const isOurs = (error: unknown): boolean => error instanceof DatadbError;

const MANIFEST = {
  format: 1,
  server: { version: "15.18", versionNumber: 150018, encoding: "UTF8" },
  database: { name: "app", owner: "ann", encoding: "UTF8", collate: "C", ctype: "C", localeProvider: "libc" },
  tables: [{ schema: "public", name: "a", path: "public/a.copy", kind: "table", columns: ["id"], rows: 2 }],
};

const SUBJECTS: FuzzSubject[] = [
  {
    name: "selectors",
    seeds: ["web1/app@2026-11-19T12:00:00+02:00:deep/a.txt", "latest:x", "deadbeef01", "a%40b@2026"].map(
      bytes,
    ),
    decode: (input) => parseSelector(input.toString()),
    declares: isOurs,
  },
  {
    name: "replies",
    seeds: [
      "*2\r\n$3\r\nabc\r\n:12\r\n",
      "-ERR no\r\n",
      "$-1\r\n*-1\r\n+OK\r\n",
      "*1\r\n*2\r\n+a\r\n$400\r\nabc",
    ].map(bytes),
    decode: (input) => replyDecoder(() => {}).feed(input),
    declares: isOurs,
  },
  {
    name: "manifests",
    seeds: [bytes(JSON.stringify(MANIFEST))],
    decode: (input) => {
      try {
        readManifest(input);
      } catch (error) {
        // The sample is not complete: what matters is which error there is.
        if (!isOurs(error)) throw error;
      }
    },
    declares: isOurs,
  },
  {
    name: "sequences",
    seeds: [bytes("[]")],
    decode: readSequences,
    declares: isOurs,
  },
  {
    name: "scan caches",
    seeds: [Buffer.from("0161080162010203046200", "hex")],
    decode: (input) => new PreviousCache(input),
    declares: isOurs,
  },
];

test.each(SUBJECTS)("$name: input of any kind gives a value or a declared error", (subject) => {
  const { inputs, accepted, slowestMs } = fuzzDecoder(subject);
  console.info(
    `${subject.name}: ${inputs} inputs, ${accepted} accepted, the slowest took ${slowestMs.toFixed(1)} ms`,
  );
  expect(accepted).toBeGreaterThan(0);
});
