import type { PlainReply } from "@datadb/protocol";
import { expect, it } from "vitest";
import type { Argument, Connection } from "../connection.ts";
import { parseSelector } from "./parse-selector.ts";
import { resolveSelector } from "./resolve-selector.ts";

/** id, snapshot, host, name, path, time; newest first. */
const BACKUPS = [
  ["aaaaaaaa07", "5e51e5b0", "web2", "app", "/srv/app", "2026-11-20T09:00:00.000Z"],
  ["aaaaaaaa06", "5e51e5a0", "web1", "home", "/home", "2026-11-19T23:30:00.000Z"],
  ["bbbbbbbb05", "5e51e5a0", "web1", "home", "/home", "2026-11-19T10:30:59.999Z"],
  ["bbbbbbbb04", "5e51e5a0", "web1", "home", "/home", "2026-11-19T10:30:00.000Z"],
  ["cccccccc03", "5e51e5c0", "web1", "app", "/srv/app", "2026-11-18T00:00:00.000Z"],
  ["cccccccc02", "5e51e5d0", "web1", "a:b/c", "/x", "2026-11-17T00:00:00.000Z"],
  ["cccccccc01", "5e51e5e0", "web1", "deadbeef", "/y", "2026-11-16T00:00:00.000Z"],
  ["deadbeef00", "5e51e5f0", "web1", "twin", "/one", "2026-11-15T00:00:00.000Z"],
  ["deadbeee00", "5e51e500", "web1", "twin", "/two", "2026-11-14T00:00:00.000Z"],
];

const connection = {
  async call(...args: Argument[]): Promise<PlainReply> {
    const host = args.indexOf("HOST");
    const listed = host < 0 ? BACKUPS : BACKUPS.filter((backup) => backup[2] === args[host + 1]);
    const fields = ["id", "snapshot", "hostname", "name", "path", "ts"];
    return listed.map((backup) =>
      backup.flatMap((value, i) => [Buffer.from(fields[i]!), Buffer.from(value)]),
    );
  },
} as unknown as Connection;

const NOW = Date.parse("2026-11-21T00:00:00Z");
const resolve = async (text: string, zone = "UTC"): Promise<string> =>
  (await resolveSelector(connection, parseSelector(text), NOW, zone)).id;

it.each([
  ["latest", "aaaaaaaa07"],
  ["latest@2026-11-19", "aaaaaaaa06"],
  ["home", "aaaaaaaa06"],
  ["home@2026-11-19T10:30", "bbbbbbbb05"],
  ["home@2026-11-19T10:30:00", "bbbbbbbb04"],
  ["home@2026", "aaaaaaaa06"],
  ["web1/home@2026-11-19T10:31", "bbbbbbbb05"],
  ["web1/app", "cccccccc03"],
  ["web2/app", "aaaaaaaa07"],
  ["a%3Ab%2Fc", "cccccccc02"],
  ["deadbeef", "cccccccc01"],
  ["deadbeee", "deadbeee00"],
  ["deadbeef00", "deadbeef00"],
  ["bbbbbbbb05", "bbbbbbbb05"],
  ["5e51e5f0", "deadbeef00"],
  ["5e51e5a0@2026-11-19T12", "bbbbbbbb05"],
])("%s is %s", async (text, id) => expect(await resolve(text)).toBe(id));

it("reads times in the zone it is given", async () => {
  expect(await resolve("home@2026-11-19", "America/New_York")).toBe("aaaaaaaa06");
  expect(await resolve("home@2026-11-19", "Asia/Tokyo")).toBe("bbbbbbbb05");
});

it.each([
  ["nobody", "NOT_FOUND", /home/],
  ["home@2026-11-18", "NOT_FOUND", /ls home/],
  ["web9/home", "NOT_FOUND", /web9%2Fhome/],
  ["web1/nobody", "NOT_FOUND", /there are/],
  ["app", "USAGE", /HOST\/NAME/],
  ["twin", "USAGE", /id of a series/],
  ["bbbbbbbb", "USAGE", /more digits/],
  ["aaaaaaab", "NOT_FOUND", /there are/],
])("%s is refused: %s", async (text, code, next) => {
  await expect(resolve(text)).rejects.toMatchObject({ code, next: expect.stringMatching(next) });
});

it("lists the series when one name has several", async () => {
  await expect(resolve("twin")).rejects.toMatchObject({
    message: expect.stringMatching(/2 series:\n.*\/two.*5e51e500\n.*\/one.*5e51e5f0/),
  });
});
