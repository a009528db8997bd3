/** Which database a URL, a service and the environment mean together: libpq's rules. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { holdsPassword, parseUrl } from "./parse-url.ts";
import { findPassword } from "./password-file.ts";
import { parseService } from "./service-file.ts";
import { postgresTarget, targetDatabase, targetHost } from "./target.ts";
import { tlsAttempts } from "./tls-options.ts";

let home = "";
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "datadb-target-"));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

test.each([
  ["postgres://", {}],
  ["postgresql:///app", { dbname: "app" }],
  ["postgres://db", { host: "db" }],
  ["postgres://db:5433/app", { host: "db", port: "5433", dbname: "app" }],
  ["postgres://ann:s%40cret:x@db/app", { user: "ann", password: "s@cret:x", host: "db", dbname: "app" }],
  ["postgres://ann@/app", { user: "ann", dbname: "app" }],
  ["postgres://[::1]:5433/app", { host: "::1", port: "5433", dbname: "app" }],
  ["postgres://a:1,b:2/app", { host: "a,b", port: "1,2", dbname: "app" }],
  ["postgres://%2Fvar%2Frun/app", { host: "/var/run", dbname: "app" }],
  ["postgres:///app?host=/tmp&port=6000", { host: "/tmp", port: "6000", dbname: "app" }],
  ["postgres://db/a%2Fb%20c", { host: "db", dbname: "a/b c" }],
  ["postgres://db/app?ssl=true", { host: "db", dbname: "app", sslmode: "require" }],
])("%s", (url, expected) => {
  expect(parseUrl(url)).toEqual(expected);
});

test.each([
  ["http://db/app", /postgres:\/\//],
  ["postgres://ann:secret@db/app?colour=red", /'colour'/],
  ["postgres://ann:secret@db/app?sslmode", /PARAMETER=VALUE/],
  ["postgres://ann:%zz@db/app", /percent-encoded/],
  ["postgres://ann:secret@d]b/app", /HOST/],
  ["postgres://db/a%00b", /%00/],
])("%s is refused, and says no secret", (url, message) => {
  expect(() => parseUrl(url)).toThrow(message);
  expect(() => parseUrl(url)).not.toThrow(/secret|%zz/);
});

test("URL wins over service, service over environment, environment over defaults", () => {
  const file = join(home, "services");
  writeFileSync(
    file,
    "# mine\n[other]\nhost=wrong\n[shop]\nhost = fromservice\nport=6001\nuser=clerk\n[next]\nuser=wrong\n",
  );
  const environment = {
    HOME: home,
    PGSERVICEFILE: file,
    PGHOST: "fromenv",
    PGDATABASE: "envdb",
    PGUSER: "envuser",
  };
  const target = postgresTarget("postgres:///?service=shop&port=6002", environment);
  expect(target.hosts).toEqual([{ host: "fromservice", address: null, port: 6002, password: null }]);
  expect([target.user, target.database, target.label]).toEqual(["clerk", "envdb", "fromservice:6002/envdb"]);
  expect(target.environment).toMatchObject({
    PGHOST: "fromservice",
    PGPORT: "6002",
    PGUSER: "clerk",
    PGDATABASE: "envdb",
  });
  expect(target.environment).not.toHaveProperty("PGSERVICEFILE");
  expect(() => postgresTarget("postgres://?service=none", environment)).toThrow(
    /no connection service 'none'/,
  );
  expect(() => parseService("[a]\nnonsense=1\n", "a", "f")).toThrow(/line 2 of f/);
});

test("defaults: socket, 5432, the system's user, a database called like the user", () => {
  const target = postgresTarget("postgres://ann@", { HOME: home });
  expect(target.hosts[0]).toMatchObject({ port: 5432, password: null });
  expect(target.hosts[0]!.host).toMatch(/^\//);
  expect(target.database).toBe("ann");
});

test("a password file is used for whom it is for, and not when others can read it", () => {
  const file = join(home, "pgpass");
  writeFileSync(file, "db:5432:*:bob:wrong\ndb:*:app:ann:a\\:b\\\\c\nlocalhost:*:*:*:local\n");
  chmodSync(file, 0o600);
  const environment = { HOME: home, PGPASSFILE: file };
  expect(postgresTarget("postgres://ann@db/app", environment).hosts[0]!.password).toBe("a:b\\c");
  expect(postgresTarget("postgres://ann@db/app2", environment).hosts[0]!.password).toBeNull();
  expect(postgresTarget("postgres://ann@/app", environment).hosts[0]!.password).toBe("local");
  const app = postgresTarget("postgres://ann@db/app2", environment);
  expect(targetDatabase(app, "app").hosts[0]!.password).toBe("a:b\\c");
  chmodSync(file, 0o644);
  const open = postgresTarget("postgres://ann@db/app", environment);
  expect(open.hosts[0]!.password).toBeNull();
  expect(open.warnings.join()).toMatch(/others can read it/);
  expect(
    findPassword("too:few:fields\n", { host: "too", port: "few", database: "fields", user: "x" }),
  ).toBeNull();
});

test("a password in the URL works, and goes to programs by the environment alone", () => {
  const target = postgresTarget("postgres://ann:secret@db/app", { HOME: home });
  expect(target.hosts[0]!.password).toBe("secret");
  expect([
    holdsPassword("postgres://ann:secret@db/app"),
    holdsPassword("postgres://ann@db/app?password=x"),
  ]).toEqual([true, true]);
  expect([holdsPassword("postgres://ann@db/app"), target.warnings]).toEqual([false, []]);
  expect(target.environment["PGPASSWORD"]).toBe("secret");
  expect(target.label).not.toMatch(/secret|ann/);
});

test("several hosts are tried in order; a session is pinned to the one that answered", () => {
  const target = postgresTarget("postgres://a,b:6000/app", { HOME: home });
  expect(target.hosts.map(({ host, port }) => [host, port])).toEqual([
    ["a", 5432],
    ["b", 6000],
  ]);
  expect(targetHost(target, target.hosts[1]!).environment).toMatchObject({ PGHOST: "b", PGPORT: "6000" });
  expect(() => postgresTarget("postgres://db:0/app", { HOME: home })).toThrow(/no port/);
});

test("sslmode says whether TLS is tried, and what is verified", () => {
  const modes = (parameters: Record<string, string>, host = "db") =>
    tlsAttempts(parameters, host, home).map((one) => (one === false ? "plain" : one.rejectUnauthorized));
  expect(modes({})).toEqual([false, "plain"]);
  expect(modes({ sslmode: "allow" })).toEqual(["plain", false]);
  expect(modes({ sslmode: "disable" })).toEqual(["plain"]);
  expect(modes({ sslmode: "require" })).toEqual([false]);
  expect(modes({ sslrootcert: "system" })).toEqual([true]);
  expect(modes({ sslmode: "require" }, "/tmp")).toEqual(["plain"]);
  expect(() => modes({ sslmode: "verify-full" })).toThrow(/root\.crt/);
  expect(() => modes({ sslmode: "always" })).toThrow(/unknown/);
});

test.each(["gssencmode=require", "sslcertmode=require", "min_protocol_version=3.2"])(
  "%s cannot be kept, and is refused instead of ignored",
  (parameter) => {
    expect(() => postgresTarget(`postgres://db/app?${parameter}`, { HOME: home })).toThrow(parameter);
  },
);

test.each([
  ["connect_timeout=soon", /connect_timeout=soon is no whole number/],
  ["hostaddr=127.0.0.1,127.0.0.2", /1 hosts and 2 values of hostaddr/],
])("%s is refused before anything is connected", (parameter, message) => {
  expect(() => postgresTarget(`postgres://db/app?${parameter}`, { HOME: home })).toThrow(message);
});
