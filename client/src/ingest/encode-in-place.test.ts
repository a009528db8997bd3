import { createHash } from "node:crypto";
import { decodePayload, encodedBound } from "@datadb/protocol";
import { expect, test } from "vitest";
import { slabMemory, slabStart } from "../chunker/slab-memory.ts";
import { encodeInPlace, recordsInPlace } from "./encode-in-place.ts";

/** Bytes that look random and are the same every time. */
function noise(bytes: number, salt: string): Buffer {
  const parts: Buffer[] = [];
  for (let i = 0; i * 32 < bytes; i++) parts.push(createHash("sha256").update(`${salt} ${i}`).digest());
  return Buffer.concat(parts).subarray(0, bytes);
}

const text = (bytes: number, salt: string): Buffer => Buffer.alloc(bytes, `${salt}, and rows much like it; `);

/** Puts contents into a slab one after another, `gap` bytes apart; what is behind them must stay. */
function encoded(contents: readonly Buffer[], gap = 0) {
  const view = Buffer.from(slabMemory(2).buffer);
  const chunks: { name: Buffer; at: number; length: number }[] = [];
  let at = slabStart(1);
  for (const content of contents) {
    content.copy(view, at);
    chunks.push({ name: createHash("sha256").update(content).digest(), at, length: content.length });
    at += content.length + gap;
  }
  view[at] = 77;
  view[slabStart(1) - 1] = 78;
  const ranges = Uint32Array.from(chunks.flatMap((chunk) => [chunk.at, chunk.length]));
  const records = recordsInPlace(view, chunks, encodeInPlace(view, { type: "in-place", ranges }));
  expect([view[slabStart(1) - 1], view[at]]).toEqual([78, 77]);
  for (const [i, record] of records.entries()) {
    expect(record.name).toEqual(chunks[i]!.name);
    expect(decodePayload(record).equals(contents[i]!)).toBe(true);
  }
  return { records, view };
}

test("chunks that shrink, that do not, and that are too small come back, whatever is beside them", () => {
  const kinds = [
    text(70_000, "a"),
    noise(70_000, "b"),
    text(90, "c"),
    text(200_000, "d"),
    noise(300, "e"),
    text(64_000, "f"),
    Buffer.concat([text(5000, "g"), noise(60_000, "g")]),
    text(300_000, "h"),
  ];
  for (let turn = 0; turn < kinds.length; turn++) {
    const { records } = encoded([...kinds.slice(turn), ...kinds.slice(0, turn)], turn % 2 === 0 ? 0 : 1000);
    expect(records.filter(({ encoding }) => encoding === "raw").length).toBe(3);
  }
});

test("payloads lie in the slab, close together", () => {
  const contents = Array.from({ length: 20 }, (_, i) => text(70_000, `row ${i}`));
  const { records, view } = encoded(contents);
  for (const { payload } of records) expect(payload.buffer).toBe(view.buffer);
  const [first, last] = [records[0]!.payload, records.at(-1)!.payload];
  expect(last.byteOffset + last.length - first.byteOffset).toBeLessThan(encodedBound(70_000) * 2);
});
