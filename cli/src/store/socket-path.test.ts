import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MAX_SOCKET_PATH_BYTES, privateDirectory, socketPaths } from "./socket-path.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "datadb-socket-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const uid = process.getuid?.() ?? 0;

test("whatever the store and the runtime directory are called, the kernel takes the path", () => {
  const paths = fc.string({ unit: "binary", maxLength: 300 });
  fc.assert(
    fc.property(paths, paths, fc.nat(2 ** 32 - 2), (store, runtime, user) => {
      const places = socketPaths(`/${store}`, { XDG_RUNTIME_DIR: `/${runtime}` }, user);
      expect(places.length).toBeGreaterThan(0);
      for (const place of places) expect(Buffer.byteLength(place)).toBeLessThanOrEqual(MAX_SOCKET_PATH_BYTES);
    }),
  );
});

test("a path of the greatest length can be listened on", async () => {
  const path = join(directory, "x".repeat(MAX_SOCKET_PATH_BYTES - directory.length - 1));
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(path, resolve));
  server.close();
});

test("two stores, two sockets; one store, one socket", () => {
  const environment = { XDG_RUNTIME_DIR: "/run/user/7" };
  const [first] = socketPaths("/srv/a", environment, 7);
  expect(socketPaths("/srv/a", environment, 7)[0]).toBe(first);
  expect(socketPaths("/srv/b", environment, 7)[0]).not.toBe(first);
  expect(dirname(first!)).toBe("/run/user/7/datadb");
  expect(socketPaths("/srv/a", {}, 7).map((path) => dirname(path))).toEqual(["/tmp/datadb-7"]);
});

test("the directory is made private, and is refused when it is not", () => {
  const place = join(directory, "datadb-7");
  privateDirectory(place, uid);
  expect(statSync(place).mode & 0o777).toBe(0o700);
  privateDirectory(place, uid);
  const refusal = expect.objectContaining({ code: "UNSAFE_PATH" });
  expect(() => privateDirectory(place, uid + 1)).toThrow(refusal);
  chmodSync(place, 0o755);
  expect(() => privateDirectory(place, uid)).toThrow(refusal);
  mkdirSync(join(directory, "mine"), { mode: 0o700 });
  symlinkSync("mine", join(directory, "link"));
  expect(() => privateDirectory(join(directory, "link"), uid)).toThrow(refusal);
});
