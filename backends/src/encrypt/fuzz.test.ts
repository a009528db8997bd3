/** What is read of foreign places: sealed records and key records, damaged in every way. */
import { DatadbError, DecodeError, decodeKeyFile, encodeKeyFile } from "@datadb/protocol";
import { type FuzzSubject, fuzzDecoder } from "@datadb/protocol/fuzz";
import { expect, test } from "vitest";
import { decodeKeyRecord, encodeKeyRecord, sealKeyRecord } from "./key-record.ts";
import { createKeyRing, decodeKeyRing, encodeKeyRing } from "./key-ring.ts";
import { makeSlot } from "./key-slots.ts";
import { epochOf, openedSize, openRecord, sealedSize, sealRecord } from "./sealed-record.ts";
import { type Secretbox, secretboxOf } from "./secretbox.ts";

const secretbox = await secretboxOf("sodium");
const key = Buffer.alloc(32, 7);
const record = {
  kind: "data",
  name: key,
  encoding: "raw",
  base: null,
  length: 9,
  payload: Buffer.from("plaintext"),
} as const;
const sealed = Buffer.alloc(sealedSize(record));
sealRecord(secretbox, { epoch: 1, key }, Buffer.alloc(24, 1), record, sealed);

/** Everything opens, so that what is behind the seal meets damage, too. */
const open: Secretbox = { ...secretbox, open: (target, box) => box.copy(target, 0, 16) >= 0 };
const inside = Buffer.alloc(sealedSize(record));
sealRecord({ ...secretbox, seal: () => {} }, { epoch: 1, key }, Buffer.alloc(24, 1), record, inside);

const slots = [
  await makeSlot(secretbox, key, { key }),
  await makeSlot(secretbox, key, { passphrase: key }, { passes: 1, memoryKiB: 8 }),
];
const ring = { ...createKeyRing(1), slots: slots.map(({ id }) => ({ id, created: 1, label: "a label" })) };
const keyRecord = encodeKeyRecord(sealKeyRecord(secretbox, key, { change: 300, slots }, ring));
const isOurs = (error: unknown): boolean => error instanceof DatadbError;

function unseal(box: Secretbox, input: Buffer): unknown {
  // Another epoch has another key.
  if (epochOf(input) !== 1) throw new DecodeError("no such epoch");
  const found = openRecord(box, key, input, Buffer.alloc(openedSize(input)));
  if (box === secretbox && found !== null && !input.equals(sealed))
    throw new TypeError("opened what was never sealed");
  return found;
}

const SUBJECTS: FuzzSubject[] = [
  { name: "sealed records", seeds: [sealed], decode: (input) => unseal(secretbox, input), declares: isOurs },
  { name: "what is sealed", seeds: [inside], decode: (input) => unseal(open, input), declares: isOurs },
  { name: "key records", seeds: [keyRecord], decode: decodeKeyRecord, declares: isOurs },
  { name: "key rings", seeds: [encodeKeyRing(ring)], decode: decodeKeyRing, declares: isOurs },
  {
    name: "key files",
    seeds: [Buffer.from(encodeKeyFile(key))],
    decode: (input) => decodeKeyFile(input.toString("latin1")),
    declares: isOurs,
  },
];

test.each(SUBJECTS)("$name: input of any kind gives a value or a declared error", (subject) => {
  const { inputs, accepted } = fuzzDecoder(subject);
  expect(accepted).toBeLessThan(inputs);
});
