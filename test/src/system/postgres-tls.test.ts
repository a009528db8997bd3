/** How a database is reached: TLS, certificates and what a URL demands of the login, as libpq understands them. */
import { chmodSync, chownSync, readdirSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { beforeAll, expect, test } from "vitest";
import { type Authority, openAuthority } from "../harness/certificates.ts";
import { type DatabaseWorld, openDatabaseWorld } from "../harness/database-world.ts";
import { expectFailure } from "../harness/expect-failure.ts";
import { freePort } from "../harness/free-port.ts";
import { lane } from "../harness/lanes.ts";
import { ADMIN } from "../harness/postgres-cluster.ts";
import { type PostgresVersion, serverUser } from "../harness/postgres-programs.ts";
import { scratch } from "../harness/scratch.ts";

const OPENSSL = { program: "openssl" } as const;
const PASSPHRASE = "open sesame";
const ROWS = 200_000;

/** A server with a certificate for `localhost`, and users who log in in different ways. */
async function openTlsWorld(version: PostgresVersion): Promise<{ lab: DatabaseWorld; authority: Authority }> {
  const directory = scratch("tls");
  const authority = await openAuthority(directory);
  const { certificate, key } = await authority.issue("server", "DNS:localhost");
  const { ids } = serverUser();
  if (ids !== undefined) for (const path of [directory, certificate, key]) chownSync(path, ids.uid, ids.gid);
  chmodSync(key, 0o600);
  const lab = await openDatabaseWorld("reached", {
    version,
    settings: {
      ssl: "on",
      ssl_cert_file: certificate,
      ssl_key_file: key,
      ssl_ca_file: authority.certificate,
    },
  });
  const rules = [
    "hostssl all holder 127.0.0.1/32 cert",
    "host all old 127.0.0.1/32 md5",
    "host all open 127.0.0.1/32 password",
    "host all all 127.0.0.1/32 scram-sha-256",
    `local all ${ADMIN.name} scram-sha-256`,
    "local all all peer",
  ];
  await lab.server.psql(
    "postgres",
    `SET password_encryption = 'md5'; CREATE ROLE old SUPERUSER LOGIN PASSWORD 'pw'; RESET password_encryption;
     CREATE ROLE open SUPERUSER LOGIN PASSWORD 'pw'; CREATE ROLE holder SUPERUSER LOGIN;
     COPY (SELECT unnest(ARRAY[${rules.map((rule) => `'${rule}'`).join(", ")}])) TO '${lab.server.dataDirectory}/pg_hba.conf';
     SELECT pg_reload_conf();`,
  );
  await lab.server.createDatabase("app");
  await lab.server.psql(
    "app",
    `CREATE TABLE large AS SELECT n AS id, repeat(md5(n::text), 8) AS text FROM generate_series(1, ${ROWS}) AS n;
     ALTER TABLE large ADD PRIMARY KEY (id); CREATE TABLE small (id int PRIMARY KEY, t text); INSERT INTO small VALUES (1, 'one')`,
  );
  return { lab, authority };
}

lane("a server with TLS", [{ postgres: 15 }, OPENSSL], () => {
  let lab: DatabaseWorld;
  let authority: Authority;
  const url = (parameters: Record<string, string>, user = `${ADMIN.name}:pw`, host = "localhost"): string =>
    `postgres://${user}@${host}:${lab.server.port}/app?${new URLSearchParams(parameters).toString().replaceAll("+", "%20")}`;
  const verified = (more: Record<string, string> = {}): Record<string, string> => ({
    sslmode: "verify-full",
    sslrootcert: authority.certificate,
    ...more,
  });
  const rootOf = async (where: string, ...words: string[]): Promise<string> => {
    const { backup } = await lab.backup(where, ...words);
    return (await lab.show(backup))["ref"];
  };

  beforeAll(async () => {
    ({ lab, authority } = await openTlsWorld(15));
  });

  test("is backed up and restored through TLS as without it", async () => {
    const plain = await rootOf(url({ sslmode: "disable" }));
    expect(await rootOf(url(verified()), "--jobs", "2")).toBe(plain);
    const { backup } = await lab.backup(url(verified()));
    await lab.restore(backup, url(verified()).replace("/app?", "/copy?"));
    const count = await lab.server.psql("copy", "SELECT count(*), sum(hashtext(l::text)) FROM large AS l");
    expect(count).toBe(
      await lab.server.psql("app", "SELECT count(*), sum(hashtext(l::text)) FROM large AS l"),
    );
    await lab.server.dropDatabase("copy");
  });

  test("whose certificate is for another name, or by nobody who is known, is refused", async () => {
    const stranger = await openAuthority(scratch("stranger"), "stranger");
    for (const where of [
      url(verified(), `${ADMIN.name}:pw`, "127.0.0.1"),
      url(verified({ sslrootcert: stranger.certificate })),
      url(verified({ sslmode: "verify-ca", sslrootcert: stranger.certificate })),
    ]) {
      const result = await lab.tryBackup(where);
      expectFailure(["snapshot", where], result, { exit: 1, names: "certificate", next: /sslrootcert/ });
    }
    await lab.backup(url(verified({ sslmode: "verify-ca" }), `${ADMIN.name}:pw`, "127.0.0.1"));
  });

  test("lets in who has a certificate, also with a key that has a passphrase, and pg_dump with it", async () => {
    const { certificate, key } = await authority.issue("holder", undefined, PASSPHRASE);
    chmodSync(key, 0o600);
    const holder = verified({ sslcert: certificate, sslkey: key, sslpassword: PASSPHRASE });
    await lab.backup(url(holder, "holder"));
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith("datadb-service-"))).toEqual([]);
    const wrong = await lab.tryBackup(url({ ...holder, sslpassword: "wrong" }, "holder"));
    expectFailure(["snapshot"], wrong, { exit: 2, names: key, next: /sslpassword/ });
    chmodSync(key, 0o644);
    const open = await lab.tryBackup(url(holder, "holder"));
    expectFailure(["snapshot"], open, { exit: 2, names: key, next: /0600/ });
    expect(wrong.stderr + open.stderr).not.toContain(PASSPHRASE);
  });

  test("with channel_binding=require proves that nobody is between, or is not used", async () => {
    const required = { channel_binding: "require" };
    await lab.backup(url(verified(required)));
    for (const where of [url({ ...required, sslmode: "disable" }), url(verified(required), "old:pw")]) {
      const result = await lab.tryBackup(where);
      expectFailure(["snapshot", where], result, { exit: 1, names: "channel binding", next: /SCRAM/ });
    }
  });

  test("gets no password in a way that require_auth does not allow", async () => {
    const scram = verified({ require_auth: "scram-sha-256" });
    await lab.backup(url(scram));
    for (const user of ["old:pw", "open:pw"]) {
      const result = await lab.tryBackup(url(scram, user));
      expectFailure(["snapshot"], result, { exit: 1, names: "require_auth", next: /pg_hba/ });
    }
    await lab.backup(url(verified({ require_auth: "!none,!password" }), "old:pw"));
  });

  test("is found behind hosts that are down, and asked no further once it has refused", async () => {
    const dead = await freePort();
    const hosts = (second: string): string =>
      `postgres://${ADMIN.name}:pw@127.0.0.1:${dead},${second}/app?sslmode=disable&load_balance_hosts=random`;
    await lab.backup(hosts(`127.0.0.1:${lab.server.port}`));
    const wrong = `postgres://${ADMIN.name}:wrong@127.0.0.1:${lab.server.port},127.0.0.1:${dead}/app`;
    const result = await lab.tryBackup(wrong);
    expectFailure(["snapshot"], result, {
      exit: 1,
      names: "password authentication failed",
      next: /password/,
    });
  });

  test("is asked who runs it where requirepeer names somebody", async () => {
    const own = serverUser().name ?? userInfo().username;
    const where = (peer: string): string =>
      `postgres:///app?host=${encodeURIComponent(lab.server.socketDirectory)}&port=${lab.server.port}&user=${ADMIN.name}&password=pw&requirepeer=${peer}`;
    await lab.backup(where(own));
    const other = own === "nobody" ? "root" : "nobody";
    const result = await lab.tryBackup(where(other));
    expectFailure(["snapshot"], result, { exit: 1, names: "requirepeer", next: /who listens/ });
    const unknown = await lab.tryBackup(where("no-such-user"));
    expectFailure(["snapshot"], unknown, { exit: 2, names: "no-such-user", next: /runs the server/ });
  });

  test("whose certificate is revoked is refused", async () => {
    const none = scratch("no-lists");
    await lab.backup(url(verified({ sslcrldir: authority.revocations })));
    const server = authority.certificate.replace("ca.crt", "server.crt");
    await authority.revoke(server);
    const result = await lab.tryBackup(url(verified({ sslcrldir: authority.revocations })));
    expectFailure(["snapshot"], result, { exit: 1, names: "revoked", next: /certificate/ });
    const empty = await lab.tryBackup(url(verified({ sslcrldir: none })));
    expectFailure(["snapshot"], empty, { exit: 2, names: none, next: /rehash/ });
  });
});

lane("a server that takes TLS at once", [{ postgres: 17 }, OPENSSL], () => {
  test("is reached with sslnegotiation=direct", async () => {
    const { lab, authority } = await openTlsWorld(17);
    const where = (mode: string): string =>
      `postgres://${ADMIN.name}:pw@localhost:${lab.server.port}/app?sslnegotiation=direct&sslmode=${mode}&sslrootcert=${encodeURIComponent(authority.certificate)}`;
    await lab.backup(where("verify-full"));
    const weak = await lab.tryBackup(where("prefer"));
    expectFailure(["snapshot"], weak, { exit: 2, names: "sslmode", next: /require/ });
  });
});
