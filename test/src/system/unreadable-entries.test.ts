/** Entries that may not be read: reported by name, exit code 3, and the backup is listed as incomplete. */
import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeResult, parseRecords } from "../harness/command.ts";
import { lane } from "../harness/lanes.ts";
import { runProgram } from "../harness/run-program.ts";
import { makeSmallStore } from "../harness/small-store.ts";

/** Takes from root what lets it read everything. */
const WITHOUT_POWERS = [
  "--bounding-set=-dac_override,-dac_read_search",
  "--inh-caps=-dac_override,-dac_read_search",
];

lane("as a user without rights", ["root", { program: "setpriv" }], () => {
  test("an unreadable file and directory are named; the rest is backed up", async () => {
    const { world, directory, store, source } = await makeSmallStore("unreadable");
    writeFileSync(join(source, "secret.key"), "nobody may read this");
    mkdirSync(join(source, "closed"));
    writeFileSync(join(source, "closed", "inside"), "");
    for (const name of ["secret.key", "closed"]) {
      chownSync(join(source, name), 12345, 12345);
      chmodSync(join(source, name), 0);
    }
    const words = ["snapshot", "--store", store, source, "--json"];
    const finished = await runProgram("setpriv", [...WITHOUT_POWERS, world.program, ...words], {
      env: world.env,
    });
    const result = { ...finished, stdout: finished.stdout.toString(), bytes: finished.stdout };
    expect(result.code, describeResult(words, result)).toBe(3);
    expect(result.stderr).toMatch(/secret\.key/);
    expect(result.stderr).toMatch(/closed/);
    expect(parseRecords(result.stdout).at(-1)).toMatchObject({ type: "summary", complete: false });
    const [newest] = await world.records(["ls", "--store", store]);
    expect(newest).toMatchObject({ type: "backup", complete: false });
    const target = join(directory, "restored");
    const restored = await world.run(["restore", "--store", store, newest?.["id"], target]);
    expect(restored.stderr + restored.stdout).toMatch(/incomplete|could not be read/i);
    await world.summary(["check", "--store", store, "--read-data"]);
  });
});
