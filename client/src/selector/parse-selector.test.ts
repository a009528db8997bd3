import { describe, expect, it } from "vitest";
import { parseSelector } from "./parse-selector.ts";

/** One line a parse: text -> subject | time | path, absent parts left out. "!" is a refusal. */
const GOLDEN = `
app -> app
latest -> LATEST
web1/app -> web1/app
web1/latest -> web1/latest
LATEST -> LATEST-as-name
deadbeef -> deadbeef #deadbeef
DEADBEEF -> DEADBEEF #deadbeef
deadbee -> deadbee
deadbeeg -> deadbeeg
0123456789abcdef -> 0123456789abcdef #0123456789abcdef
12345678 -> 12345678 #12345678
web1/deadbeef -> web1/deadbeef
a -> a
0 -> 0
my app -> my app
größe -> größe
gr%C3%B6%C3%9Fe -> größe
app.example.com -> app.example.com
-x -> -x
~ -> ~
100% -> 100%
100%25 -> 100%
50%zz -> 50%zz
a%40b -> a@b
a%3Ab -> a:b
a%2Fb -> a/b
a%2fb -> a/b
a%40b/c%3Ad -> a@b/c:d
h%2Fh/n%2Fn -> h/h/n/n
db.internal%3A5432/app -> db.internal:5432/app
%6catest -> latest
a%00b -> a\\0b
app@2026 -> app | 2026
app@2026-11 -> app | 2026-11
app@2026-1 -> app | 2026-1
app@2026-11-19 -> app | 2026-11-19
app@2026-1-2 -> app | 2026-1-2
app@2026-11-19T10 -> app | 2026-11-19T10
app@2026-11-19T10:30 -> app | 2026-11-19T10:30
app@2026-11-19T10:30:15 -> app | 2026-11-19T10:30:15
app@2026-11-19T10:30:15.1 -> app | 2026-11-19T10:30:15.1
app@2026-11-19T10:30:15.123 -> app | 2026-11-19T10:30:15.123
app@2026-11-19T10:30:15.123456789 -> app | 2026-11-19T10:30:15.123456789
app@2026-11-19T1:2:3 -> app | 2026-11-19T1:2:3
app@2026-11-19t10:30 -> app | 2026-11-19T10:30
app@2026-11-19 10:30 -> app | 2026-11-19T10:30
app@2026-11-19T10Z -> app | 2026-11-19T10+0
app@2026-11-19T10:30Z -> app | 2026-11-19T10:30+0
app@2026-11-19T10:30z -> app | 2026-11-19T10:30+0
app@2026-11-19T10:30:15Z -> app | 2026-11-19T10:30:15+0
app@2026-11-19T10:30:15.123Z -> app | 2026-11-19T10:30:15.123+0
app@2026-11-19T10:30+01:00 -> app | 2026-11-19T10:30+60
app@2026-11-19T10:30+0100 -> app | 2026-11-19T10:30+60
app@2026-11-19T10:30+01 -> app | 2026-11-19T10:30+60
app@2026-11-19T10:30-05:30 -> app | 2026-11-19T10:30-330
app@2026-11-19T10:30+00:00 -> app | 2026-11-19T10:30+0
app@2026-11-19T10+05:45 -> app | 2026-11-19T10+345
app@2024-02-29 -> app | 2024-02-29
app@0001 -> app | 1
app@9999-12-31 -> app | 9999-12-31
latest@2026-11-19 -> LATEST | 2026-11-19
web1/app@2026-11-19 -> web1/app | 2026-11-19
deadbeef@2026-11-19 -> deadbeef #deadbeef | 2026-11-19
a%40b@2026 -> a@b | 2026
app: -> app | | ROOT
app:/ -> app | | ROOT
app:. -> app | | ROOT
app:etc -> app | | etc
app:etc/ -> app | | etc
app:/etc -> app | | etc
app:etc//passwd -> app | | etc/passwd
app:./etc/./passwd -> app | | etc/passwd
app:etc/passwd -> app | | etc/passwd
app:a@b -> app | | a@b
app:a:b -> app | | a:b
app:a@2026 -> app | | a@2026
app:a%2Fb -> app | | a%2Fb
app:100% -> app | | 100%
app:... -> app | | ...
app:..a -> app | | ..a
app: a -> app | |  a
latest:etc -> LATEST | | etc
web1/app:public/users.copy -> web1/app | | public/users.copy
deadbeef:x -> deadbeef #deadbeef | | x
app@2026:etc -> app | 2026 | etc
app@2026: -> app | 2026 | ROOT
app@2026-11-19:etc/passwd -> app | 2026-11-19 | etc/passwd
app@2026-11-19T10:etc -> app | 2026-11-19T10 | etc
app@2026-11-19T10:30:etc -> app | 2026-11-19T10:30 | etc
app@2026-11-19T10:30:15:etc -> app | 2026-11-19T10:30:15 | etc
app@2026-11-19T10:30:15.5:etc -> app | 2026-11-19T10:30:15.5 | etc
app@2026-11-19T10:30:15x -> app | 2026-11-19T10:30 | 15x
app@2026-11-19T10:30:15/x -> app | 2026-11-19T10:30 | 15/x
app@2026-11-19T10:30x -> app | 2026-11-19T10 | 30x
app@2026-11-19T10:60 -> app | 2026-11-19T10 | 60
app@2026-11-19T10:30:60 -> app | 2026-11-19T10:30 | 60
app@2026-11-19T10:30Z:etc -> app | 2026-11-19T10:30+0 | etc
app@2026-11-19T10:30+01:00:etc -> app | 2026-11-19T10:30+60 | etc
app@2026-11-19T10:30+01:etc -> app | 2026-11-19T10:30+60 | etc
app@2026-11-19T10:30+01:77 -> app | 2026-11-19T10:30+60 | 77
app@2026-11-19:10:30 -> app | 2026-11-19 | 10:30
app@2026-11-19:a@b -> app | 2026-11-19 | a@b
app@2026:2027 -> app | 2026 | 2027
app@2026-11-19:/abs/path/ -> app | 2026-11-19 | abs/path
app@2026-11-19T00:00:00.000Z:dir:with:colons -> app | 2026-11-19T00:00:00.000+0 | dir:with:colons
 -> !
@2026 -> !
:etc -> !
/app -> !
web1/ -> !
/ -> !
a/b/c -> !
a/b/c:d -> !
%ff -> !
a%C3 -> !
app@ -> !
app@yesterday -> !
app@26 -> !
app@2026-13 -> !
app@2026-0 -> !
app@2026-00-01 -> !
app@2026-02-30 -> !
app@2023-02-29 -> !
app@2026-11-31 -> !
app@2026-11-19T24 -> !
app@2026-11-19T -> !
app@2026-11-19Z -> !
app@2026/etc -> !
app@20261 -> !
app@2026-11-19T10+24:00 -> !
app@2026-11-19T10+1 -> !
app@:etc -> !
app@web1@2026 -> !
app:.. -> !
app:a/../b -> !
app:/../etc -> !
`;

function show(text: string): string {
  const { subject, time, path } = parseSelector(text);
  let line = "LATEST";
  if (subject.kind === "name") {
    line = (subject.host === undefined ? "" : `${subject.host}/`) + subject.name.replace("\0", "\\0");
    if (line === "LATEST") line = "LATEST-as-name";
    if (subject.id !== undefined) line += ` #${subject.id}`;
  }
  const parts = [line];
  if (time !== undefined || path !== undefined) parts.push(time === undefined ? "" : showTime(time));
  if (path !== undefined) parts.push(path === "" ? "ROOT" : path);
  return parts.join(" | ").replace("|  |", "| |");
}

type Time = NonNullable<ReturnType<typeof parseSelector>["time"]>;
function showTime({ year, month, day, hour, minute, second, fraction, offset }: Time): string {
  const date = [year, month, day].filter((field) => field !== undefined).join("-");
  const clock = [hour, minute, second].filter((field) => field !== undefined).join(":");
  const zone = offset === undefined ? "" : `${offset < 0 ? "" : "+"}${offset}`;
  return `${date}${clock && "T"}${clock}${fraction === undefined ? "" : `.${fraction}`}${zone}`;
}

/** Leading zeros are not kept in the parsed fields. */
const plain = (expected: string): string =>
  expected.replace(/\d[\dT:.-]*(?=[+|\s-]|$)/, (time) => time.replace(/(^|[-T:])0+(?=\d)/g, "$1"));

const rows = GOLDEN.slice(1, -1)
  .split("\n")
  .map((line) => line.split(" -> ") as [string, string]);

describe("selectors", () => {
  it(`has a golden table of ${rows.length} parses`, () => expect(rows.length).toBeGreaterThanOrEqual(130));

  it.each(rows)("%s -> %s", (text, expected) => {
    if (expected === "!") {
      expect(() => parseSelector(text)).toThrow(
        expect.objectContaining({ code: "USAGE", message: expect.stringContaining(`'${text}'`) }),
      );
      return;
    }
    const [subject, time, ...path] = expected.split(" | ");
    const wanted = [subject, ...(time === undefined ? [] : [plain(time)]), ...path].join(" | ");
    expect(show(text)).toBe(wanted.replace(" | | ", " | | "));
  });
});
