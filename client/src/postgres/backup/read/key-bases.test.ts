import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { KeyBases, type PreviousChunks } from "./key-bases.ts";

const nameOf = (text: string): Buffer => createHash("sha256").update(text).digest();

function chunks(
  names: readonly string[],
  marks: readonly number[],
  lengths: readonly number[] = marks.map(() => 0),
): PreviousChunks {
  return {
    names: new Uint8Array(Buffer.concat(names.map(nameOf))),
    marks: Uint16Array.from(marks),
    lengths: Uint32Array.from(lengths),
    nameBytes: 32,
  };
}

describe("KeyBases", () => {
  const previous = chunks(["a", "b", "c", "d", "e"], [11, 12, 13, 14, 0]);

  it("knows old chunks wherever a range begins", () => {
    for (const start of [0, 1, 3, 5]) {
      const bases = new KeyBases(previous, start);
      for (const [i, name] of ["b", "c", "d", "e"].entries())
        expect(bases.base(nameOf(name), [12, 13, 14, 0][i]!)).toBeUndefined();
    }
  });

  it("gives the chunk that ended at the same key as the base of a new one", () => {
    const bases = new KeyBases(previous, 0);
    expect(bases.base(nameOf("a"), 11)).toBeUndefined();
    expect(bases.base(nameOf("new"), 12)).toEqual(nameOf("b"));
    expect(bases.base(nameOf("c"), 13)).toBeUndefined();
    expect(bases.base(nameOf("other"), 999)).toEqual(nameOf("d"));
  });

  it("gives the longest of the chunks whose place one new chunk took", () => {
    const lengths = [500, 900, 700, 800, 100];
    const bases = new KeyBases(chunks(["a", "b", "c", "d", "e"], [11, 12, 13, 14, 0], lengths), 0);
    expect(bases.base(nameOf("a"), 11)).toBeUndefined();
    expect(bases.base(nameOf("b and c"), 13)).toEqual(nameOf("b"));
    expect(bases.base(nameOf("new d"), 14)).toEqual(nameOf("d"));
  });

  it("finds where a range begins when every chunk is new, and the guess was too early or too late", () => {
    const names = Array.from({ length: 1000 }, (_, i) => `old ${i}`);
    const marks = names.map((_, i) => 1 + ((i * 40_503) % 65_535));
    for (const guess of [60, 100, 250, 300, 400, 540]) {
      const bases = new KeyBases(chunks(names, marks), guess);
      for (let i = 300; i < 600; i++)
        expect(bases.base(nameOf(`new ${i}`), marks[i]!), `${guess}: ${i}`).toEqual(nameOf(`old ${i}`));
    }
  });

  it("finds chunks that are there many times, and none in a table that had none", () => {
    const same = Array.from({ length: 5000 }, () => "same");
    const bases = new KeyBases(
      chunks(
        [...same, "last"],
        [...same, ""].map(() => 0),
      ),
      7,
    );
    expect(bases.base(nameOf("same"), 0)).toBeUndefined();
    expect(bases.base(nameOf("last"), 0)).toBeUndefined();
    expect(new KeyBases(chunks([], []), 0).base(nameOf("a"), 1)).toBeUndefined();
  });
});
