/** Which servers run on this machine, as far as a name or an address tells. */
import { expect, test } from "vitest";
import { isLocal } from "./is-local.ts";

const host = (name: string, address: string | null = null): Parameters<typeof isLocal>[0] => ({
  hosts: [{ host: name, port: 5432, address, password: null }],
});

test.each(["/var/run/postgresql", "localhost", "127.0.0.1", "127.1.2.3", "::1"])("%s is here", (name) => {
  expect(isLocal(host(name))).toBe(true);
});

test.each(["db.example.org", "10.0.0.1", "127.example.org", "localhost.example.org", "::2"])(
  "%s is elsewhere",
  (name) => {
    expect(isLocal(host(name))).toBe(false);
  },
);

test("the address wins over the name that goes with it", () => {
  expect(isLocal(host("db.example.org", "127.0.0.1"))).toBe(true);
  expect(isLocal(host("localhost", "10.0.0.1"))).toBe(false);
});
