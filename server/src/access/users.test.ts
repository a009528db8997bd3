import { scryptSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hashPassword, parsePasswordHash } from "./password-hash.ts";
import { resolveValue } from "./secret-value.ts";
import { openUsers } from "./users.ts";

test("a scrypt hash admits its password and nothing else, again and again", async () => {
  const users = openUsers({ backup: { password: await hashPassword("secret"), right: "append" } });
  expect(users.required).toBe(true);
  expect(await users.verify("backup", "wrong")).toBeNull();
  expect(await users.verify("backup", "secret")).toEqual({ name: "backup", right: "append" });
  expect(await users.verify("backup", "secret")).toEqual({ name: "backup", right: "append" });
  expect(await users.verify("backup", "secret2")).toBeNull();
  expect(await users.verify("other", "secret")).toBeNull();
  expect(await users.verify("backup", "x".repeat(2000))).toBeNull();
});

test("scrypt hashes made elsewhere are understood", async () => {
  const salt = Buffer.from("saltsaltsaltsalt");
  const hash = scryptSync("pw", salt, 32, { N: 1024, r: 8, p: 2 });
  const text = `$scrypt$ln=10,r=8,p=2$${salt.toString("base64").replace(/=+$/, "")}$${hash.toString("base64").replace(/=+$/, "")}`;
  const parsed = parsePasswordHash(text, "x");
  expect((await parsed?.compute("pw"))?.equals(hash)).toBe(true);
});

test("argon2id hashes are understood", async () => {
  // The vector of the reference implementation: argon2id, 2 passes, 64 MiB, 1 lane, "password", "somesalt".
  const text = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
  const users = openUsers({ u: { password: text, right: "read" } });
  expect(await users.verify("u", "password")).toEqual({ name: "u", right: "read" });
  expect(await users.verify("u", "differentpassword")).toBeNull();
});

test("env: and file: values are passwords in clear that stand elsewhere", async () => {
  const directory = mkdtempSync(join(tmpdir(), "datadb-users-"));
  try {
    writeFileSync(join(directory, "password"), "from file\n");
    const users = openUsers({ f: { password: `file:${directory}/password`, right: "admin" } });
    expect(await users.verify("f", "from file")).toEqual({ name: "f", right: "admin" });
    expect(await users.verify("f", "from file\n")).toBeNull();
  } finally {
    rmSync(directory, { recursive: true });
  }
  expect(resolveValue("env:X", "users.x.password", { X: "v" })).toBe("v");
  expect(() => resolveValue("env:X", "users.x.password", {})).toThrow(
    "users.x.password refers to the environment variable X",
  );
  expect(() => resolveValue("file:/nowhere/x", "w")).toThrow("the file /nowhere/x, which cannot be read");
});

test("passwords in clear, missing ones and unknown rights are refused without repeating them", () => {
  const open = (password: string, right = "read") => openUsers({ a: { password, right: right as "read" } });
  expect(() => open("hunter2")).toThrow("users.a.password is written in clear");
  expect(() => open("hunter2")).not.toThrow("hunter2");
  expect(() => open("")).toThrow("users.a.password is missing");
  expect(() => open("env:HOME", "write")).toThrow("users.a.right is write");
  expect(() => open("$scrypt$ln=30,r=8,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")).toThrow(
    "out of range",
  );
  expect(() => open("$bcrypt$x=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")).toThrow(
    "bcrypt is not known",
  );
});

test("without users nobody has to authenticate", async () => {
  const users = openUsers(undefined);
  expect(users.required).toBe(false);
  expect(await users.verify("default", "x")).toBeNull();
});
