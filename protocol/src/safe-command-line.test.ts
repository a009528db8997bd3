import { expect, test } from "vitest";
import { safeCommandLine } from "./safe-command-line.ts";

test("secrets are left out of the words of a command", () => {
  const given = [
    "node",
    "datadb",
    "--password",
    "a",
    "--token=b",
    "postgres://u:c@h/d",
    "redis://:d@h",
    "--server=redis://u:e@e@h",
    "postgres://u@h/d?password=f&sslmode=require&sslpassword=g",
    "postgres://u@h:5432/d?user=x",
    "--key-file",
    "/f",
    "plain",
  ];
  expect(safeCommandLine(given)).toEqual([
    "node",
    "datadb",
    "--password",
    "(redacted)",
    "--token=(redacted)",
    "postgres://u:(redacted)@h/d",
    "redis://:(redacted)@h",
    "--server=redis://u:(redacted)@h",
    "postgres://u@h/d?password=(redacted)&sslmode=require&sslpassword=(redacted)",
    "postgres://u@h:5432/d?user=x",
    "--key-file",
    "(redacted)",
    "plain",
  ]);
});
