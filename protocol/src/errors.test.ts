import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DatadbError } from "./datadb-error.ts";
import { ERROR_CATALOGUE, type ErrorCode, exitCodeOf } from "./error-catalogue.ts";
import * as classes from "./errors.ts";
import { DecodeError, NotFoundError } from "./errors.ts";

const codes = Object.keys(ERROR_CATALOGUE) as ErrorCode[];
const document = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");

/** The rows of the table of codes: code, exit code, class, meaning, what to do. */
const rows = document
  .slice(document.indexOf("## Codes"), document.indexOf("## Errors on the wire"))
  .split("\n")
  .filter((line) => /^\| `[A-Z_]+` \|/.test(line))
  .map((line) => line.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "").replaceAll("`", "")));

describe("errors", () => {
  test("the catalogue, the classes and docs/errors.md agree", () => {
    const byCode = Object.entries(classes).map(([name, ErrorClass]) => {
      const error = new ErrorClass("x");
      const { exitCode, meaning, next } = ERROR_CATALOGUE[error.code];
      expect(error.name).toBe(name);
      expect(error.next).toBe(next);
      return [error.code, String(exitCode), name, meaning, next];
    });
    expect(byCode.map(([code]) => code).toSorted()).toEqual(codes.toSorted());
    expect(rows).toEqual(byCode.toSorted(([a], [b]) => (a! < b! ? -1 : 1)));
  });

  test("every error says what to do next, in words for a person", () => {
    for (const code of codes) {
      const { meaning, next } = ERROR_CATALOGUE[code];
      expect(meaning).toMatch(/^[A-Z].+\.$/);
      expect(next).toMatch(/^[a-z].+[^.]$/);
    }
    expect(exitCodeOf("NOT_FOUND")).toBe(4);
  });

  test("an error carries what matters", () => {
    const cause = new Error("deep");
    const error = new DecodeError("bad bytes", { next: "look", fields: { path: "/x" }, cause });
    expect(error).toBeInstanceOf(DatadbError);
    expect(error).toMatchObject({
      code: "DECODE",
      message: "bad bytes",
      next: "look",
      fields: { path: "/x" },
      cause,
    });
    expect(String(error)).toBe("DecodeError: bad bytes");
    expect(new NotFoundError("no backup", "try datadb ls").next).toBe("try datadb ls");
    expect("cause" in new NotFoundError("no backup")).toBe(false);
  });
});
