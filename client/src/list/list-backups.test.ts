import type { PlainReply } from "@datadb/protocol";
import { expect, it } from "vitest";
import type { Argument, Connection } from "../connection.ts";
import { removeBackup } from "../remove/remove-backup.ts";
import { tag } from "../tag/tag-backup.ts";
import { listBackups } from "./list-backups.ts";

const sent: string[] = [];
const flat = (fields: Record<string, string>): PlainReply =>
  Object.entries(fields)
    .flat()
    .map((text) => Buffer.from(text));
const BACKUPS = [
  flat({
    id: "b2",
    snapshot: "s1",
    hostname: "web1",
    path: "/srv/app",
    ts: "2026-11-19T10:00:00.000Z",
    type: "directory",
    source: "files",
    ref: "aa",
    name: "app",
    complete: "0",
    size: "12345678901234",
    entries: "7",
    meta: '{"offset":42}',
    tags: '["a","b"]',
    unreadable: '["x/y"]',
    "unreadable-count": "1",
    pinned: "1",
    later: "unknown to this version",
  }),
  flat({
    id: "b1",
    snapshot: "s2",
    hostname: "web1",
    path: "/etc/",
    ts: "2026-11-18T10:00:00.000Z",
    meta: "[1",
    tags: '{"a":1}',
  }),
];
const connection = {
  async call(...args: Argument[]): Promise<PlainReply> {
    sent.push(args.join(" "));
    if (args[0] === "FORGET") return args[1] === "b1" ? 1 : 0;
    return args[0] === "BACKUPS" ? BACKUPS : "OK";
  },
} as unknown as Connection;

it("reads what a backup says of itself, and what an old or careless writer left out", async () => {
  const [full, bare] = await listBackups(connection);
  expect(full).toMatchObject({
    id: "b2",
    host: "web1",
    size: 12345678901234,
    complete: false,
    unreadable: ["x/y"],
    meta: { offset: 42 },
    tags: ["a", "b"],
    pinned: true,
    fields: { later: "unknown to this version" },
  });
  expect(bare).toMatchObject({ name: "etc", complete: true, meta: {}, tags: [], entries: 0, pinned: false });
});

it("leaves to the server what it can filter", async () => {
  sent.length = 0;
  expect(await listBackups(connection, { host: "web1", snapshot: "s1", limit: 5 })).toHaveLength(2);
  expect((await listBackups(connection, { tags: ["b"], limit: 1 })).map(({ id }) => id)).toEqual(["b2"]);
  expect((await listBackups(connection, { name: "etc" })).map(({ id }) => id)).toEqual(["b1"]);
  expect(sent).toEqual(["BACKUPS SNAPSHOT s1 HOST web1 LIMIT 5", "BACKUPS", "BACKUPS"]);
});

it("tags and removes", async () => {
  const [full] = await listBackups(connection);
  sent.length = 0;
  expect(await tag(connection, full!, { add: ["c", "a"], remove: ["b"] })).toEqual(["a", "c"]);
  expect(await tag(connection, full!, { set: [] })).toEqual([]);
  expect(sent).toEqual(['TAG b2 ["a","c"]', "TAG b2 []"]);
  await removeBackup(connection, { id: "b1" });
  await expect(removeBackup(connection, { id: "b9" })).rejects.toMatchObject({ code: "NOT_FOUND" });
});
