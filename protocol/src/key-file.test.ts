import { expect, test } from "vitest";
import { DecodeError, FormatTooNewError } from "./errors.ts";
import { decodeKeyFile, encodeKeyFile } from "./key-file.ts";

const secret = Buffer.from(Array.from({ length: 32 }, (_, at) => at));
const text = "datadb-key-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh__pM8D\n";

test("golden text", () => {
  expect(encodeKeyFile(secret)).toBe(text);
  expect(decodeKeyFile(text)).toEqual(secret);
  expect(decodeKeyFile(`\n  ${text.trim()}\r\n`)).toEqual(secret);
});

test("a character that is missing or was changed is found, and never shown", () => {
  for (let at = 0; at < text.length - 1; at++) {
    for (const damaged of [
      text.slice(0, at) + text.slice(at + 1),
      `${text.slice(0, at)}B${text.slice(at + 1)}`,
    ]) {
      if (damaged === text) continue;
      let problem: unknown;
      try {
        decodeKeyFile(damaged);
      } catch (error) {
        problem = error;
      }
      // A changed version is a newer one.
      if (!(problem instanceof FormatTooNewError)) expect(problem, damaged).toBeInstanceOf(DecodeError);
      expect(String(problem)).not.toContain(damaged.slice(20, 40));
    }
  }
  expect(() => decodeKeyFile(text.replace("key-1", "key-2"))).toThrow(FormatTooNewError);
  expect(() => decodeKeyFile("")).toThrow(DecodeError);
});

test("a secret of another length is a mistake of the program", () => {
  expect(() => encodeKeyFile(Buffer.alloc(31))).toThrow(TypeError);
});
