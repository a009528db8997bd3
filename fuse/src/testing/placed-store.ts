/** For tests: chunks in a real file, in places that are lent, behind a Connection that counts what is asked for otherwise. */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Connection } from "@datadb/client";
import { encodeBlob, encodeRecord, hashOf, type RecordPlace, recordSize } from "@datadb/protocol";
import { fakeStore } from "./fake-store.ts";

export interface PlacedStore {
  connection: Connection;
  /** Names in hex by which places were asked for, and records. */
  places: string[];
  records: string[];
  /** Appends to the file; the records can also be had from the store. */
  put(content: Buffer): Buffer;
  putNode(content: Buffer): Buffer;
  /** Changes a byte of the record in the file, at this distance from its end. */
  damage(name: Buffer, fromEnd: number): void;
  /** Where the first is said to be is the second. */
  mistake(name: Buffer, other: Buffer): void;
  close(): void;
}

export function placedStore(): PlacedStore {
  const directory = mkdtempSync(join(tmpdir(), "datadb-placed-"));
  const fd = openSync(join(directory, "pack"), "w+");
  const store = fakeStore();
  const found = new Map<string, RecordPlace>();
  const places: string[] = [];
  const records: string[] = [];
  let end = 0;
  return {
    places,
    records,
    connection: {
      ...store.connection,
      local: {
        ...store.connection.local!,
        async getRecords(kind, names) {
          if (kind === "data") records.push(...names.map((name) => name.toString("hex")));
          return await store.connection.local!.getRecords(kind, names);
        },
        async withPlaces(_kind, names, use) {
          places.push(...names.map((name) => name.toString("hex")));
          return await use(names.map((name) => found.get(name.toString("hex")) ?? null));
        },
      },
    },
    put(content) {
      const name = hashOf("sha256", content);
      const record = encodeBlob("data", name, content);
      const size = recordSize(record, name.length);
      writeSync(fd, Buffer.concat(encodeRecord(record)), 0, size, end);
      found.set(name.toString("hex"), { fd, offset: end, size });
      end += size;
      return store.put("data", content);
    },
    putNode: (content) => store.put("node", content),
    damage(name, fromEnd) {
      const { offset, size } = found.get(name.toString("hex"))!;
      writeSync(fd, Buffer.from([0x5a, 0xa5]), 0, 2, offset + size - fromEnd);
    },
    mistake: (name, other) => void found.set(name.toString("hex"), found.get(other.toString("hex"))!),
    close() {
      closeSync(fd);
      rmSync(directory, { recursive: true });
    },
  };
}
