import { describe, expect, it } from "vitest";
import { type Segment, SegmentRecorder, segmentBytes, segmentEnds } from "./segments.ts";

const segment = (bytes: number, upTo: string | null): Segment => ({
  chunks: 1,
  rows: 1,
  bytes,
  sum: 1n,
  upTo: upTo === null ? null : [upTo],
});

describe("SegmentRecorder", () => {
  it("gathers chunks until there are enough bytes", () => {
    const recorder = new SegmentRecorder(100);
    recorder.chunk(60, 6, 0xffff_ffff_ffff_fffen);
    expect(recorder.isFull).toBe(false);
    recorder.chunk(50, 5, 3n);
    expect(recorder.isFull).toBe(true);
    recorder.end(["k"]);
    recorder.chunk(10, 1, null);
    recorder.chunk(10, 1, 7n);
    recorder.finish(null);
    expect(recorder.segments).toEqual([
      { chunks: 2, rows: 11, bytes: 110, sum: 1n, upTo: ["k"] },
      { chunks: 2, rows: 2, bytes: 20, sum: null, upTo: null },
    ]);
  });

  it("lets kept segments stand, and covers keys that have no rows", () => {
    const recorder = new SegmentRecorder(100);
    const kept = segment(500, "m");
    recorder.chunk(20, 2, 5n);
    recorder.keep(kept, ["f"]);
    recorder.finish(null);
    expect(recorder.segments).toEqual([
      { chunks: 1, rows: 2, bytes: 20, sum: 5n, upTo: ["f"] },
      kept,
      { chunks: 0, rows: 0, bytes: 0, sum: 0n, upTo: null },
    ]);
    const last = new SegmentRecorder(100);
    last.keep(kept, null);
    last.finish(["m"]);
    expect(last.segments).toEqual([kept]);
  });
});

describe("segmentEnds", () => {
  const segments = [10, 10, 40, 10, 30].map((bytes, i) => segment(bytes, i === 4 ? null : `${i}`));

  it("finds the segments after which shares of the bytes are reached, each once", () => {
    expect(segmentEnds([0.5], segments)).toEqual([3]);
    expect(segmentEnds([0.05, 0.15, 0.7], segments)).toEqual([1, 2, 4]);
    expect(segmentEnds([0.3, 0.4, 0.5, 0.6], segments)).toEqual([3]);
    expect(segmentEnds([0.99], segments)).toEqual([]);
    expect(segmentEnds([], segments)).toEqual([]);
    expect(segmentEnds([0.5], segments.slice(4))).toEqual([]);
  });
});

it("segments of a larger table are larger", () => {
  expect(segmentBytes(0)).toBe(256 << 10);
  expect(segmentBytes(1 << 30)).toBe(256 << 10);
  expect(segmentBytes(2 ** 40)).toBe(32 << 20);
});
