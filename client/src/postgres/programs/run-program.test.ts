/** What a program of PostgreSQL says when it fails is told as what it means. */
import { expect, test } from "vitest";
import { runProgram } from "./run-program.ts";

test.each([
  ['FATAL:  too many connections for role "reader"', "DATABASE_UNREACHABLE", /--jobs/],
  ["FATAL:  sorry, too many clients already", "DATABASE_UNREACHABLE", /--jobs/],
  ["connection to server at 127.0.0.1 failed: Connection refused", "DATABASE_UNREACHABLE", /host/],
  ["ERROR:  permission denied for table t", "DATABASE_FORBIDDEN", /grant/],
  ["ERROR:  canceling statement due to statement timeout\nLOCK TABLE t", "DATABASE_BUSY", /--lock-timeout/],
  ['ERROR:  relation "t" does not exist\nLOCK TABLE t', "DATABASE_CHANGED", /again/],
])("%s", async (said, code, next) => {
  const running = runProgram({
    path: "/bin/sh",
    args: ["-c", 'printf "%s" "$0" >&2; exit 1', said],
    environment: {},
    signal: new AbortController().signal,
    what: "app: pg_dump",
  });
  await expect(running).rejects.toMatchObject({ code, next: expect.stringMatching(next) });
});
