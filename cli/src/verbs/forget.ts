/** datadb forget: removes the backups that no rule keeps. */
import type { Backup, Connection, ForgetPlan, SeriesDecision } from "@datadb/client";
import { NotFoundError } from "@datadb/protocol";
import { EXIT } from "../exit-code.ts";
import { ask } from "../output/ask.ts";
import { formatCount } from "../output/format-count.ts";
import type { Output } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { withConnection } from "../store/with-connection.ts";
import type { Verb, VerbContext } from "../verb.ts";
import { DRY_RUN_OPTION, YES_OPTION } from "./backup-options.ts";
import { forgetTable } from "./forget-table.ts";
import { KEEP_OPTIONS, keepRules } from "./keep-options.ts";

export const forget: Verb = {
  name: "forget",
  summary: "Remove the backups that no rule keeps",
  usage: "--keep-... [OPTION]... [NAME]...",
  description: [
    "Every source by itself: what no rule keeps is removed. Without NAME all sources of the store are looked at. The newest " +
      "complete backup of a source and pinned backups are always kept; where a check has found that one to be damaged, the " +
      "newest complete one that is not, too.",
    "Periods are those of the store's time zone, as the times that are shown are, which are those at which the server listed the backups. A period keeps its newest " +
      "backup (and its newest complete one, when that is incomplete or damaged). Space is returned by datadb gc.",
  ],
  options: [
    ...KEEP_OPTIONS,
    { name: "timezone", value: "ZONE", help: "count periods in this time zone", completes: "nothing" },
    YES_OPTION,
    DRY_RUN_OPTION,
  ],
  operands: { least: 0, completes: "backup", most: Number.POSITIVE_INFINITY },
  examples: [
    {
      line: "datadb forget --keep-daily 7 --keep-weekly 5 --keep-monthly 12 --dry-run",
      does: "What would go, and why the rest stays",
    },
    { line: "datadb forget --keep-within 1y --yes documents", does: "One source, from a script" },
  ],
  exits: { [EXIT.notFound]: "no backup of that name" },
  async run(context) {
    const rules = await keepRules(context.arguments);
    const { hasKeepRule, planForget } = await import("@datadb/client");
    // Said before a store is opened, or waited for.
    if (!hasKeepRule(rules)) await planForget(NO_CONNECTION, rules);
    return withConnection(context, { job: "forget" }, async (connection) => {
      const backups = await wantedBackups(connection, context.arguments.operands);
      const timezone = context.arguments.text("timezone");
      const plan = await planForget(connection, rules, {
        backups,
        ...(timezone === undefined ? {} : { timezone }),
      });
      return await carryOut(context, connection, plan);
    });
  },
};

/** Never used: without a rule the plan is refused first. */
const NO_CONNECTION = {} as Connection;

/** Whole series: those whose name, HOST/NAME or id was given. */
async function wantedBackups(connection: Connection, names: readonly string[]): Promise<Backup[]> {
  const { listBackups, parseSelector, resolveSelector } = await import("@datadb/client");
  const all = await listBackups(connection);
  if (names.length === 0) return all;
  const wanted = new Set<string>();
  for (const text of names) {
    const selector = parseSelector(text);
    if (selector.time !== undefined || selector.path !== undefined)
      throw new NotFoundError(`'${text}' is no source`, {
        next: "give names alone: rules are about whole series; datadb rm removes one backup",
      });
    wanted.add((await resolveSelector(connection, selector)).snapshot);
  }
  return all.filter(({ snapshot }) => wanted.has(snapshot));
}

async function carryOut(context: VerbContext, connection: Connection, plan: ForgetPlan): Promise<number> {
  const { output } = context;
  const { forgetBackups, zoneOffsetMs } = await import("@datadb/client");
  const dryRun = context.arguments.flag("dry-run");
  const kept = plan.series.reduce((sum, { decisions }) => sum + decisions.length, 0) - plan.forgotten.length;
  const gone = formatCount(plan.forgotten.length, "backup");
  for (const series of plan.series) {
    record(output, series);
    const lines = forgetTable(series, dryRun, (instant) => zoneOffsetMs(instant, plan.timezone));
    if (lines.length === 0) continue;
    output.line(output.style("bold", printable(`${series.name} (${series.host}:${series.path})`)));
    for (const line of lines) output.line(line);
  }
  if (plan.forgotten.length > 0 && !dryRun && !(await ask(context, `remove ${gone}, and keep ${kept}`))) {
    output.note("nothing was removed");
    return EXIT.failed;
  }
  const removed = dryRun ? 0 : await forgetBackups(connection, plan.forgotten);
  output.note(`${dryRun ? "would remove" : "removed"} ${gone}, kept ${kept} (time zone ${plan.timezone})`);
  if (removed > 0) output.note("datadb gc returns their space");
  output.record({
    type: "summary",
    removed,
    wouldRemove: plan.forgotten.length,
    kept,
    timezone: plan.timezone,
    dryRun,
  });
  return EXIT.done;
}

function record(output: Output, { host, name, path, decisions }: SeriesDecision): void {
  for (const { backup, reasons } of decisions) {
    const { id, snapshot, time } = backup;
    output.record({
      type: "decision",
      id,
      snapshot,
      name,
      host,
      path,
      time,
      kept: reasons.length > 0,
      reasons,
    });
  }
}
