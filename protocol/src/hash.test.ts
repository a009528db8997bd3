import { expect, test } from "vitest";
import { backupId, hashFields, hashLength, hashOf, logRecordName, snapshotId } from "./hash.ts";
import { formatHex, parseHex } from "./hex.ts";
import { formatTimestamp, parseTimestamp } from "./timestamp.ts";

const storeId = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");

test("content hashes are the standard's", () => {
  expect(formatHex(hashOf("sha256", Buffer.from("abc")))).toBe(
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
  expect(formatHex(hashOf("sha1", Buffer.from("abc")))).toBe("a9993e364706816aba3e25717850c26c9cd0d89d");
  expect(hashLength("sha256")).toBe(32);
  expect(hashLength("sha1")).toBe(20);
});

test("ids of snapshots and backups, golden", () => {
  const time = "2026-11-21T09:12:11.042Z";
  expect(formatHex(snapshotId("sha256", "db1", "/srv/data"))).toBe(
    "5eb2c6f3ef156087718b840afacd62321fe407e5bf8e5b31dc33d7d563fdef14",
  );
  expect(formatHex(snapshotId("sha1", "db1", "/srv/data"))).toBe("cef75b6c8f7282b94b1612c1cf121db2199104d7");
  expect(formatHex(backupId("sha256", "db1", Buffer.from("/srv/data"), time))).toBe(
    "fa66d4f420806e58badb82f37bf84f1d2aff0791b77c55a1730ca95cd1ef4177",
  );
  expect(formatHex(backupId("sha1", "db1", "/srv/data", time))).toBe(
    "84b1298a148542c739dec8222e521c9264d23f6e",
  );
});

test("log records are named apart from blobs, golden", () => {
  const content = Buffer.from("abc");
  expect(formatHex(logRecordName("sha256", storeId, content))).toBe(
    "5bc61d8e5a98b835de6ff4a59d54b7af43777f7dbc1a96345c59ca84403b04e1",
  );
  expect(formatHex(logRecordName("sha1", storeId, content))).toBe("db51e412875f85995b22046b08a5a4a3df802296");
});

test("fields do not run together in sha256 stores", () => {
  expect(hashFields("sha256", ["host1", "db"])).not.toEqual(hashFields("sha256", ["host", "1db"]));
  expect(hashFields("sha1", ["host1", "db"])).toEqual(hashFields("sha1", ["host", "1db"]));
});

test("hex names are exact in length and alphabet", () => {
  expect(parseHex("00fF", 2)).toEqual(Buffer.from([0, 255]));
  expect(parseHex(Buffer.from("00ff"), 2)).toEqual(Buffer.from([0, 255]));
  for (const wrong of ["00f", "00fg", "00ff0", "", "é0ff"]) expect(parseHex(wrong, 2)).toBeUndefined();
});

test("timestamps are exactly what is written", () => {
  expect(formatTimestamp(1_795_252_331_042)).toBe("2026-11-21T09:12:11.042Z");
  expect(parseTimestamp("2026-11-21T09:12:11.042Z")).toBe(1_795_252_331_042);
  for (const wrong of [
    "2026-11-21T09:12:11Z",
    "2026-02-30T00:00:00.000Z",
    "2026-11-21T24:00:00.000Z",
    "now",
  ]) {
    expect(parseTimestamp(wrong)).toBeUndefined();
  }
  expect(() => formatTimestamp(1e15)).toThrow(RangeError);
});
