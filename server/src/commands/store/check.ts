/** CHECK [READ-DATA percent] */
import { MapReply, ReplyError } from "@datadb/protocol";
import type { CheckFinding } from "../../database.ts";
import type { CommandHandler } from "../../dispatch/command.ts";
import { parseOptions } from "../arguments/words.ts";

/** A store that is damaged everywhere is not listed piece by piece. */
const MAX_FINDINGS = 1000;

export const check: CommandHandler = async (session, args) => {
  const options = parseOptions(args, 1, ["READ-DATA"]);
  const abort = new AbortController();
  session.onClose.push(() => abort.abort());
  const readData = options["READ-DATA"] === undefined ? 0 : parsePercent(options["READ-DATA"]);
  const run = session.server.database.check({ readData, signal: abort.signal });
  const findings: CheckFinding[] = [];
  for (;;) {
    const step = await run.next();
    if (step.done === true) {
      const { backups, nodes, data, read, readBytes } = step.value;
      return new MapReply([
        ["findings", step.value.findings],
        ["backups", backups],
        ["nodes", nodes],
        ["data", data],
        ["read", read],
        ["read-bytes", readBytes],
        ["problems", findings.map((finding) => JSON.stringify(finding))],
      ]);
    }
    if (step.value.type !== "finding" || findings.length >= MAX_FINDINGS) continue;
    const { type: _type, ...finding } = step.value;
    findings.push(finding);
  }
};

function parsePercent(arg: Buffer): number {
  const text = arg.toString("latin1", 0, 10);
  const percent = /^\d{1,3}(\.\d{1,4})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(percent >= 0 && percent <= 100)) throw new ReplyError("ERR READ-DATA is a percentage from 0 to 100");
  return percent;
}
