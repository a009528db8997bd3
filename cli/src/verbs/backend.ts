/** datadb backend: tries whether a disk, bucket or server can be relied on. */
import { UsageError } from "@datadb/protocol";
import { EXIT } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import type { Verb } from "../verb.ts";

export const backend: Verb = {
  name: "backend",
  summary: "Try whether a backend keeps what a store relies on",
  usage: "test CONFIG",
  description: [
    "Tries every rule of the contract between store and backend on your own disk, bucket or server: that what was written is there, also " +
      "after it was opened again, that what is absent is said to be absent, and so on. CONFIG is a config.yaml, or a backend " +
      "as it stands there, in braces. Each rule is tried in a directory or prefix of its own, which is removed afterwards; what " +
      "is there already is not touched.",
  ],
  options: [],
  storeless: true,
  operands: { least: 2, most: 2, completes: ["test"] },
  examples: [
    { line: `datadb backend test '{"blobsfile":{"path":"/mnt/disk"}}'`, does: "A disk" },
    { line: "datadb backend test /srv/backup/config.yaml", does: "What a store is composed of" },
  ],
  exits: { [EXIT.failed]: "failed, or a rule does not hold: it is named" },
  async run({ arguments: args, output, signal }) {
    const [what, config] = args.operands as [string, string];
    if (what !== "test") throw new UsageError(`datadb backend does not know ${what}`, "give test CONFIG");
    const { tryBackend } = await import("@datadb/server");
    const counts = { holds: 0, fails: 0, skipped: 0 };
    for await (const { group, rule, result, detail } of tryBackend(config, { signal })) {
      counts[result] += 1;
      output.record({ type: "rule", group, rule, result, detail });
      const mark = { holds: "ok", fails: "FAILS", skipped: "skipped" }[result];
      const found = printable(detail.split("\n")[0] ?? "");
      output.line(`${mark.padEnd(8)}${group}: ${rule}${found === "" ? "" : ` (${found})`}`);
    }
    const { holds, fails, skipped } = counts;
    output.note(`${holds} rules hold, ${fails} fail, ${skipped} do not apply`);
    output.record({ type: "summary", ...counts });
    return fails === 0 ? EXIT.done : EXIT.failed;
  },
};
