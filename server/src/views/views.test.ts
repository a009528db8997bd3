/** What redis-cli shows of a backup: series, backup, metas, directories, lists, chunks. */
import { DirectoryBuilder, encodeMeta, hashOf, ListBuilder, type Meta, metaId } from "@datadb/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RawClient, Word } from "../testing/raw-client.ts";
import { openTestServer, type TestServer } from "../testing/test-server.ts";

const HASH = "sha256";
let server: TestServer;
let client: RawClient;
let rootId: string;
let listRef: string;
let directoryRef: string;
let fileId: string;
let ids: string[];
const names = ["a", "b\n", "big", "sub"];
const chunks = Array.from({ length: 100 }, (_none, i) => Buffer.alloc(1000 + i, i));

const hex = (buffer: Buffer) => buffer.toString("hex");
const meta = (name: string, more: Partial<Meta>): Meta => ({
  ...{
    name: Buffer.from(name),
    type: "file",
    mode: 0o644,
    uid: 1,
    gid: 2,
    mtime: 1_234_567_890_123_456_789n,
    size: 0,
  },
  ...more,
});
const array = (...texts: string[]) =>
  `*${texts.length}\r\n${texts.map((text) => `$${text.length}\r\n${text}\r\n`).join("")}`;

beforeAll(async () => {
  server = await openTestServer();
  client = await server.client();
  const puts: Word[][] = chunks.map((chunk) => ["BPUT", chunk]);
  const emit = (_name: Buffer, content: Buffer): void =>
    void puts.push(["BPUT", Buffer.from(content), "KIND", "node"]);
  const list = new ListBuilder(HASH, emit);
  list.add({ name: null, length: 5000 });
  for (const chunk of chunks) list.add({ name: hashOf(HASH, chunk), length: chunk.length });
  const { ref, bytes } = list.finish();
  listRef = hex(ref.list!);
  const big = encodeMeta(meta("big", { size: bytes, list: ref.list! }));
  fileId = hex(metaId(HASH, big));
  const sub = new DirectoryBuilder(HASH, emit);
  const inner = encodeMeta(meta("inner", { size: chunks[0]!.length, chunk: hashOf(HASH, chunks[0]!) }));
  sub.add(inner, Buffer.from("inner"), 1, chunks[0]!.length);
  const below = sub.finish();
  const metas = [
    encodeMeta(meta("a", {})),
    encodeMeta(meta("b\n", { type: "symlink", target: Buffer.from("../x"), mode: 0o777 })),
    big,
    encodeMeta(
      meta("sub", {
        type: "directory",
        mode: 0o4755,
        directory: below.directory!,
        entries: 1,
        size: chunks[0]!.length,
      }),
    ),
  ];
  ids = metas.map((one) => hex(metaId(HASH, one)));
  const top = new DirectoryBuilder(HASH, emit);
  for (const [i, one] of metas.entries()) top.add(one, Buffer.from(names[i]!), 1, 0);
  const { directory } = top.finish();
  directoryRef = hex(directory!);
  const root = encodeMeta(
    meta("root", { type: "directory", directory: directory!, entries: 5, size: bytes }),
  );
  rootId = hex(metaId(HASH, root));
  puts.push(
    ["BPUT", root, "KIND", "node"],
    ["TXINIT"],
    ["BACKUP", "host", "/path", rootId, "name", "root", "type", "directory"],
    ["TXCOMMIT"],
  );
  const replies = await client.pipeline(...puts);
  expect(replies).not.toContain("\r\n-");
  expect(replies).toMatch(/\+OK\r\n$/);
  innerId = hex(metaId(HASH, inner));
});
let innerId: string;
afterAll(() => server.close());

test("a meta that nobody has listed is found in the trees of the backups", async () => {
  expect(await client.command("HGETALL", innerId)).toMatch(/\r\ninner\r\n[\s\S]*\r\n1000\r\n/);
  expect(await client.command("HGET", innerId, "ref")).toContain(hex(hashOf(HASH, chunks[0]!)));
  expect(await client.command("HGETALL", "ee".repeat(32))).toBe("*0\r\n");
});

test("from the series to the root", async () => {
  const snapshots = await client.command("SMEMBERS", "snapshots");
  const snapshot = snapshots.split("\r\n")[2]!;
  const backup = (await client.command("LLAST", snapshot)).split("\r\n")[1]!;
  expect(await client.command("HGET", backup, "ref")).toBe(`$64\r\n${rootId}\r\n`);
  expect(await client.command("HGET", backup, "hostname")).toBe("$4\r\nhost\r\n");
  expect(await client.command("TYPE", snapshot)).toBe("+list\r\n");
  expect(await client.command("BACKUPS", "SNAPSHOT", snapshot, "LIMIT", 1)).toContain(backup);
  expect(await client.command("BACKUPS", "HOST", "other")).toBe("*0\r\n");
  expect(await client.command("BACKUPS", "HOST", "host")).toContain(`id\r\n$64\r\n${backup}`);
  expect(await client.command("KEYS", "*")).toContain(backup);
});

test("metas are hashes", async () => {
  expect(await client.command("HGETALL", rootId)).toContain(`ref\r\n$64\r\n${directoryRef}\r\n`);
  expect(await client.command("HGET", fileId, "mtime")).toBe("$30\r\n2009-02-13T23:31:30.123456789Z\r\n");
  expect(await client.command("HGET", ids[3]!, "mode")).toBe("$4\r\n4755\r\n");
  expect(await client.command("HGET", ids[1]!, "target")).toBe("$4\r\n../x\r\n");
  expect(await client.command("HLEN", ids[0]!)).toBe(":7\r\n");
  expect(await client.command("HSCAN", fileId, 0, "MATCH", "r*")).toBe(
    `*2\r\n$1\r\n0\r\n${array("ref", listRef)}`,
  );
  expect(await client.command("TYPE", fileId)).toBe("+hash\r\n");
  expect(await client.command("SMEMBERS", fileId)).toMatch(/^-WRONGTYPE/);
});

test("directories are sets of metas in order of names", async () => {
  expect(await client.command("SMEMBERS", directoryRef)).toBe(array(...ids));
  expect(await client.command("SCARD", directoryRef)).toBe(":4\r\n");
  expect(await client.command("SISMEMBER", directoryRef, ids[2]!.toUpperCase())).toBe(":1\r\n");
  expect(await client.command("SISMEMBER", directoryRef, rootId)).toBe(":0\r\n");
  expect(await client.command("SSCAN", directoryRef, 0)).toBe(`*2\r\n$1\r\n0\r\n${array(...ids)}`);
  expect(await client.command("TYPE", directoryRef.toUpperCase())).toBe("+set\r\n");
  expect(await client.command("EXISTS", directoryRef, rootId, fileId, "aa".repeat(32))).toBe(":3\r\n");
});

test("lists have the offsets at which chunks end, and holes", async () => {
  const first = hex(hashOf(HASH, chunks[0]!));
  const second = hex(hashOf(HASH, chunks[1]!));
  const last = hex(hashOf(HASH, chunks[99]!));
  const total = 5000 + chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  expect(await client.command("LLEN", listRef)).toBe(":101\r\n");
  expect(await client.command("LRANGE", listRef, 0, "+", 3)).toBe(array("", first, second));
  expect(await client.command("LITER", listRef, "WITH", "INDEX")).toContain(
    `*202\r\n$4\r\n5000\r\n$0\r\n\r\n$4\r\n6000\r\n$64\r\n${first}\r\n$4\r\n7001\r\n`,
  );
  expect(await client.command("LLAST", listRef, "WITH", "INDEX")).toBe(array(String(total), last));
  expect(await client.command("LPREV", listRef, 7000)).toBe(`$64\r\n${first}\r\n`);
  expect(await client.command("LINDEX", listRef, 7001)).toBe(`$64\r\n${second}\r\n`);
  expect(await client.command("LINDEX", listRef, 7000)).toBe("$-1\r\n");
  // The chunks that hold bytes 5500 to 6500.
  expect(await client.command("LMRANGE", listRef, 5501, 6500)).toBe(array("6000", first, "7001", second));
  expect(await client.command("LRITER", listRef)).toMatch(new RegExp(`^\\*101\r\n\\$64\r\n${last}`));
  expect(await client.command("TYPE", listRef)).toBe("+list\r\n");
  expect(await client.command("TYPE", first)).toBe("+blob\r\n");
  expect(await client.command("BGET", first)).toBe(`$1000\r\n${chunks[0]!.toString("latin1")}\r\n`);
});

test("nodes that lie are refused", async () => {
  const refused = async (content: Buffer): Promise<string> => client.command("BPUT", content, "KIND", "node");
  expect(await refused(Buffer.from("nonsense"))).toMatch(/^-MALFORMED /);
  expect(await refused(Buffer.alloc(0))).toMatch(/^-MALFORMED /);
  for (const name of ["", ".", "..", "a/b", "a\0b"]) {
    const nodes: Buffer[] = [];
    const builder = new DirectoryBuilder(HASH, (_name, content) => void nodes.push(Buffer.from(content)));
    builder.add(encodeMeta(meta(name, {})), Buffer.from(name), 1, 0);
    builder.finish();
    expect(await refused(nodes[0]!), JSON.stringify(name)).toMatch(/^-MALFORMED .*an entry is called/);
    if (name !== "") expect(await refused(encodeMeta(meta(name, {}))), name).toMatch(/^-MALFORMED/);
  }
  expect(await refused(encodeMeta(meta("/", { type: "directory" })))).toMatch(/^\$64/);
  const missing = Buffer.alloc(32, 7);
  expect(await refused(encodeMeta(meta("x", { size: 1, chunk: missing })))).toMatch(
    new RegExp(`^-NOCHILD .*${hex(missing)}`),
  );
  await client.command("TXINIT");
  expect(await client.command("BACKUP", "h", "p", hex(missing))).toMatch(/^-NOCHILD/);
  expect(await client.command("BACKUP", "h", "p", directoryRef)).toMatch(/^-ERR the node .* is no meta/);
  expect(await client.command("BACKUP", "h", "p", rootId, "id", "mine")).toMatch(
    /^-ERR the field 'id' is the server's/,
  );
  expect(await client.command("TXDISCARD")).toBe("+OK\r\n");
});

test("TAG and FORGET", async () => {
  await client.pipeline(["TXINIT"], ["BACKUP", "h2", "p2", rootId, "name", "x"], ["TXCOMMIT"]);
  const [, , , , , id] = (await client.command("BACKUPS", "HOST", "h2")).split("\r\n");
  expect(await client.command("TAG", id!, '["a", "b"]')).toBe("+OK\r\n");
  expect(await client.command("HGET", id!, "tags")).toBe('$9\r\n["a","b"]\r\n');
  expect(await client.command("FORGET", id!)).toBe(":1\r\n");
  expect(await client.command("FORGET", id!)).toBe(":0\r\n");
  expect(await client.command("BACKUPS", "HOST", "h2")).toBe("*0\r\n");
});

test("a copy keeps its time, and is listed once", async () => {
  const other = encodeMeta(meta("other", {}));
  await client.command("BPUT", other, "KIND", "node");
  const otherId = hex(metaId(HASH, other));
  const copy = (ts: string, ...fields: string[]) =>
    client.pipeline(["TXINIT"], ["BACKUP", "h3", "p3", rootId, "ts", ts, ...fields], ["TXCOMMIT"]);
  const times = async (): Promise<string[]> =>
    [...(await client.command("BACKUPS", "HOST", "h3")).matchAll(/\r\nts\r\n\$24\r\n(\S+)/g)].map(
      ([, ts]) => ts!,
    );
  expect(await copy("2020-01-02T03:04:05.678Z", "tags", '["a"]')).toContain("2020-01-02T03:04:05.678Z");
  await copy("2019-01-01T00:00:00.000Z");
  await client.pipeline(["TXINIT"], ["BACKUP", "h3", "p3", rootId], ["TXCOMMIT"]);
  await copy("2020-01-02T03:04:05.678Z", "tags", '["b"]');
  const [newest, ...copies] = await times();
  expect(Date.parse(newest!)).toBeGreaterThan(Date.parse("2026-01-01"));
  expect(copies).toEqual(["2020-01-02T03:04:05.678Z", "2019-01-01T00:00:00.000Z"]);
  expect(await client.command("BACKUPS", "HOST", "h3")).toContain('["a"]');
  await client.command("TXINIT");
  const refused = (ts: string, ref: string) => client.command("BACKUP", "h3", "p3", ref, "ts", ts);
  expect(await refused("yesterday", rootId)).toMatch(/^-ERR ts is a time/);
  expect(await refused("9999-01-01T00:00:00.000Z", rootId)).toMatch(/^-ERR .*in the future/);
  expect(await refused("2020-01-02T03:04:05.678Z", otherId)).toMatch(
    /^-EXISTS the snapshot has another backup/,
  );
  await client.command("TXDISCARD");
});
