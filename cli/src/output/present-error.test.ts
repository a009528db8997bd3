/** What a server refuses is told as its answer, not as a bug of this program. */
import { ReplyError, UsageError } from "@datadb/protocol";
import { expect, test } from "vitest";
import { createOutput } from "./output.ts";
import { presentError } from "./present-error.ts";

function present(
  error: unknown,
  verb?: string,
): { exit: number; record: Record<string, unknown>; text: string } {
  const printed = { out: "", err: "" };
  const stream = (key: "out" | "err") => ({
    write: (text: string) => {
      printed[key] += text;
      return true;
    },
  });
  const output = createOutput({
    stdout: stream("out"),
    stderr: stream("err"),
    json: true,
    quiet: false,
    environment: {},
  });
  const exit = presentError(error, output, new AbortController().signal, verb);
  return { exit, record: JSON.parse(printed.out) as Record<string, unknown>, text: printed.err };
}

test.each([
  ["NOPERM User web1 has no permissions to run the 'forget' command", "NOPERM", 1],
  ["WRONGPASS invalid username-password pair or user is disabled.", "WRONGPASS", 1],
  ["LEASELOST the backup refers to node 00, which is not there; run it again", "LEASE_LOST", 1],
  ["NOTFOUND there is no backup 00; BACKUPS lists them", "NOT_FOUND", 4],
  ["DAMAGED blobs-00001: a record is damaged; restore it from a copy", "DAMAGED", 5],
  ["ERR wrong number of arguments for 'tag' command", "ERR", 1],
])("a server's refusal: %s", (reply, code, exit) => {
  const found = present(new ReplyError(reply));
  expect(found).toMatchObject({ exit, record: { type: "error", code, exit } });
  expect(found.record["message"]).toBe(reply.slice(reply.indexOf(" ") + 1));
  expect(found.text).toContain(found.record["message"]);
  expect(found.text).not.toContain("bug");
});

test("errors of the system and mistakes without advice of their own say what to do next", () => {
  const taken = Object.assign(new Error("listen EADDRINUSE"), { code: "EADDRINUSE", syscall: "listen" });
  expect(present(taken).text).toContain("--port");
  expect(present(new UsageError("the pattern is empty"), "find").text).toContain("datadb find --help");
});
