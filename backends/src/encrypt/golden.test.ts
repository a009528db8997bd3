import { createHmac, randomBytes } from "node:crypto";
import { type BlobRecord, DecodeError, FormatTooNewError } from "@datadb/protocol";
import { beforeAll, describe, expect, test } from "vitest";
import { decodeKeyRecord, encodeKeyRecord, openKeyRecord, sealKeyRecord } from "./key-record.ts";
import { openSlots } from "./key-slots.ts";
import { epochOf, openedSize, openRecord, sealedSize, sealRecord } from "./sealed-record.ts";
import { type Secretbox, secretboxOf } from "./secretbox.ts";
import { createStoredNames } from "./stored-names.ts";

const record: BlobRecord = {
  kind: "data",
  name: Buffer.alloc(20, 0xaa),
  encoding: "zstd-delta",
  base: Buffer.alloc(20, 0xbb),
  length: 7,
  payload: Buffer.from("payload!"),
};
const nonce = Buffer.alloc(24, 0x4e);
const key = Buffer.alloc(32, 0x6b);
// Made by another implementation from the table in docs/formats.md.
const BOX =
  "305bbf857f3405240a457878c3d700f2b4af22a723573c629cf65338b9ca6a0661940105d7afe381464a45577e5fffd9681655d571a2416b5116666c8ec4b2bbac4c9ae4200b2382";
const SEALED = Buffer.from(`0105000000${"4e".repeat(24)}${BOX}`, "hex");

const SLOT_BOX =
  "c939276dc638386d87381aed1a87b7ef92341bb1dc0ae288d0c29010f0909518d631c3d1bc9a3ca7a6e9962ad7786969";
const RING_BOX =
  "bed9615b5f8c5a06bcdc0c087f1bf646d059683a1a0bc280e19c140ab87b15b2154539015130657daa3da98aaf3bc874801f2308dd92857ff80a37b1a883ed6894afdd194d9662d0acff37b8764fec8b78307098ca1aac162df987df22d2851461b79c0603bfa88de6024ee0f2db99c25da079c644654871f5c542fd500c3213224ef6eb";
// What libsodium and OpenSSL both make.
const DERIVED = "74fb6b1d311ac0bb4c891f7efd79680245d9f84b72ad8f9bbe61c86e2b9f864d";
const KEY_RECORD = Buffer.from(
  `644b657901030101${"0102030405060708"}${"11".repeat(24)}${SLOT_BOX}${"22".repeat(24)}8401${RING_BOX}`,
  "hex",
);

describe.each(["sodium", "tweetnacl"] as const)("%s", (implementation) => {
  let secretbox: Secretbox;
  beforeAll(async () => {
    secretbox = await secretboxOf(implementation);
    expect(secretbox.implementation).toBe(implementation);
  });

  test("golden bytes of a sealed record", () => {
    const sealed = Buffer.alloc(sealedSize(record), 0xff);
    sealRecord(secretbox, { epoch: 5, key }, nonce, record, sealed);
    expect(sealed.toString("hex")).toBe(SEALED.toString("hex"));
    expect(epochOf(SEALED)).toBe(5);
    expect(openRecord(secretbox, key, SEALED, Buffer.alloc(openedSize(SEALED)))).toEqual(record);
  });

  test("every flipped byte, and every other length, is refused", () => {
    for (let at = 0; at < SEALED.length; at++) {
      const flipped = Buffer.from(SEALED);
      flipped[at]! ^= 1 << (at % 8);
      const open = () =>
        epochOf(flipped) === 5
          ? openRecord(secretbox, key, flipped, Buffer.alloc(openedSize(flipped)))
          : null;
      if (at === 0) expect(open).toThrow(flipped[0] === 0 ? DecodeError : FormatTooNewError);
      else expect(open(), `byte ${at}`).toBeNull();
      const short = SEALED.subarray(0, at);
      if (at < 53) expect(() => epochOf(short)).toThrow(DecodeError);
      else expect(openRecord(secretbox, key, short, Buffer.alloc(openedSize(short)))).toBeNull();
    }
  });

  test("golden bytes of a key record", async () => {
    const decoded = decodeKeyRecord(KEY_RECORD);
    expect(encodeKeyRecord(decoded).toString("hex")).toBe(KEY_RECORD.toString("hex"));
    const opened = await openSlots(secretbox, decoded.slots, { key: Buffer.alloc(32, 0x31) });
    expect(opened!.master).toEqual(Buffer.alloc(32, 0x4d));
    const ring = openKeyRecord(secretbox, opened!.master, decoded);
    expect(ring).toEqual({
      nameKey: Buffer.alloc(32, 0x4e),
      dataKeys: [{ epoch: 1, created: 133, key: Buffer.alloc(32, 0x44) }],
      slots: [{ id: Buffer.from("0102030405060708", "hex"), created: 133, label: "own" }],
    });
    const again = sealKeyRecord(secretbox, opened!.master, decoded, ring, Buffer.alloc(24, 0x22));
    expect(encodeKeyRecord(again).toString("hex")).toBe(KEY_RECORD.toString("hex"));
  });

  test("what is in front of the ring is sealed with it", () => {
    const decoded = decodeKeyRecord(KEY_RECORD);
    const master = Buffer.alloc(32, 0x4d);
    for (const other of [
      { ...decoded, change: 4 },
      { ...decoded, slots: [...decoded.slots, decoded.slots[0]!] },
      { ...decoded, slots: [{ ...decoded.slots[0]!, nonce: Buffer.alloc(24, 1) }] },
    ])
      expect(() => openKeyRecord(secretbox, master, other)).toThrow("changed since it was sealed");
  });

  test("golden bytes of a passphrase's key: argon2id, version 19, one lane", async () => {
    const salt = Buffer.from("0123456789abcdef");
    const derived = await secretbox.derive(Buffer.from("correct horse"), salt, { passes: 2, memoryKiB: 64 });
    expect(derived.toString("hex")).toBe(DERIVED);
  });
});

test("stored names are HMAC-SHA-256 of kind and name", () => {
  const nameKey = randomBytes(32);
  for (const length of [20, 32]) {
    const names = createStoredNames(nameKey, length);
    const many = Array.from({ length: 2200 }, () => randomBytes(length));
    many.push(Buffer.alloc(length), Buffer.alloc(length, 0xff), many[0]!);
    for (const [at, kind] of (["data", "node", "log"] as const).entries()) {
      const expected = many.map((name) => {
        const message = Buffer.concat([Buffer.from([at + 1]), name]);
        return createHmac("sha256", nameKey).update(message).digest().subarray(0, length);
      });
      expect(Buffer.concat(names.all(kind, many)).equals(Buffer.concat(expected))).toBe(true);
      expect(names.of(kind, many[0]!)).toEqual(expected[0]);
    }
    expect(() => names.of("data", randomBytes(length + 1))).toThrow(TypeError);
  }
});
