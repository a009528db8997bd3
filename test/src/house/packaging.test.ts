/** What is in packaging/ fits the project: paths that exist, words that the command knows, a unit that systemd takes. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findProgram } from "../harness/find-program.ts";
import { scratch } from "../harness/scratch.ts";
import { FILES, read } from "./repository.ts";

const unit = read("packaging/datadb-scheduler.service");
const container = read("packaging/Dockerfile");

test("both start the command as it is called", () => {
  const [, program = "", words] = /^ExecStart=\/opt\/datadb\/(\S+) (.*)$/m.exec(unit) ?? [];
  expect(FILES).toContain(program);
  expect(words).toBe("scheduler --config /etc/datadb/scheduler.yaml");
  expect(container).toContain("/opt/datadb/cli/bin/datadb /usr/local/bin/datadb");
  expect(container).toContain('CMD ["scheduler", "--config", "/etc/datadb/scheduler.yaml"]');
  expect(read("scheduler/src/config/parse-config.ts")).toContain(
    `port: ${/127\.0\.0\.1:(\d+)\/healthz/.exec(container)?.[1]}`,
  );
});

test("both are documented", () => {
  for (const file of ["packaging/datadb-scheduler.service", "packaging/Dockerfile"])
    expect(read("docs/scheduler.md")).toContain(file);
});

test.skipIf(findProgram("systemd-analyze") === null)("systemd takes the unit", () => {
  const file = join(scratch("unit"), "datadb-scheduler.service");
  // The program is not installed here.
  writeFileSync(file, unit.replace(/^ExecStart=\S+/m, "ExecStart=/bin/true"));
  expect(execFileSync("systemd-analyze", ["verify", file], { encoding: "utf8", stdio: "pipe" })).toBe("");
});
