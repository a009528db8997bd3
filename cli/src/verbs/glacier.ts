/** datadb glacier: data in Glacier's archives, which takes hours to come back. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection, GlacierPlan, GlacierTier } from "@datadb/client";
import { UsageError } from "@datadb/protocol";
import { EXIT } from "../exit-code.ts";
import { ask } from "../output/ask.ts";
import { formatCount } from "../output/format-count.ts";
import { formatSize } from "../output/format-size.ts";
import { printable } from "../output/printable.ts";
import { withConnection } from "../store/with-connection.ts";
import type { Verb, VerbContext } from "../verb.ts";
import { DRY_RUN_OPTION, YES_OPTION } from "./backup-options.ts";
import { readBackup } from "./read-selection.ts";

const TIERS: readonly GlacierTier[] = ["Expedited", "Standard", "Bulk"];
/** How often a job of hours is looked at. */
const POLL_SECONDS = 30;

export const glacier: Verb = {
  name: "glacier",
  summary: "Show and retrieve data that lies in Glacier",
  usage: "status | archive | sync | restore SELECTOR",
  description: [
    "restore asks for what a backup needs from archives, after saying how much that is, and puts what has come where datadb restore reads it. Hours lie " +
      "between: with --wait it stays, else run the same command again later. It goes on where it was, also after days.",
    "archive moves what was backed up into archives, as the end of a snapshot does. sync compares the catalogue of archives with the vault's " +
      "inventory, and makes it anew when the store's directory local/ was lost.",
  ],
  options: [
    {
      name: "tier",
      value: "TIER",
      help: "expedited (minutes), standard (hours, default) or bulk (half a day)",
      completes: ["expedited", "standard", "bulk"],
    },
    { name: "wait", help: "stay until everything has come" },
    { name: "poll", value: "TIME", help: "with --wait, look so often (default 30s)", completes: "nothing" },
    { name: "drop-retrieved", help: "with archive: forget the copies of what was retrieved" },
    YES_OPTION,
    DRY_RUN_OPTION,
  ],
  operands: { least: 1, most: 2, completes: ["status", "archive", "sync", "restore"] },
  examples: [
    { line: "datadb glacier status", does: "What is where" },
    { line: "datadb glacier restore --dry-run documents@2026-11", does: "What it would take" },
    { line: "datadb glacier restore --tier bulk --yes --wait documents", does: "From a script" },
    { line: "datadb glacier sync --wait", does: "After local/ was lost" },
  ],
  exits: {
    [EXIT.incomplete]: "not everything has come yet: run the same command again later",
    [EXIT.notFound]: "no such backup",
  },
  async run(context) {
    const [word, selector] = context.arguments.operands as [string, string | undefined];
    if ((word === "restore") !== (selector !== undefined))
      throw new UsageError(word === "restore" ? "restore needs a backup" : `${word} takes nothing more`);
    const run = { status, archive, sync, restore }[word];
    if (run === undefined) throw new UsageError(`datadb glacier has no ${word}`);
    return await withConnection(context, { job: "glacier" }, (connection) => run(context, connection));
  },
};

function tierOf({ arguments: args }: VerbContext): GlacierTier {
  const given = (args.text("tier") ?? "standard").toLowerCase();
  const found = TIERS.find((tier) => tier.toLowerCase() === given);
  if (found === undefined) throw new UsageError(`--tier is ${given}`, "give expedited, standard or bulk");
  return found;
}

async function status({ output }: VerbContext, connection: Connection): Promise<number> {
  const { glacierStatus } = await import("@datadb/client");
  const { place, archives, bytes, staged, jobs, vault } = await glacierStatus(connection);
  output.line(printable(place));
  output.line(`catalogue   ${formatCount(archives, "archive")}, ${formatSize(bytes)}`);
  output.line(
    `vault       ${formatCount(vault.archives, "archive")}, ${formatSize(vault.bytes)}, inventory of ${vault.inventory ?? "never"}`,
  );
  output.line(`here        ${formatSize(staged)} not archived yet, or retrieved`);
  output.line(`under way   ${formatCount(jobs, "job")}`);
  output.record({ type: "summary", place, archives, bytes, staged, jobs, vault });
  return EXIT.done;
}

async function archive({ arguments: args, output }: VerbContext, connection: Connection): Promise<number> {
  const { glacierArchive } = await import("@datadb/client");
  const done = await glacierArchive(connection, { dropRetrieved: args.flag("drop-retrieved") });
  output.note(`uploaded ${formatCount(done.archives, "archive")}, ${formatSize(done.bytes)}`);
  output.record({ type: "summary", ...done });
  return EXIT.done;
}

/** Repeats a step until it says that nothing is left, or once without --wait. */
async function steps<T>(
  context: VerbContext,
  step: () => Promise<T>,
  done: (state: T) => boolean,
): Promise<T> {
  const { arguments: args, signal } = context;
  for (;;) {
    const state = await step();
    if (done(state) || !args.flag("wait")) return state;
    await sleep(args.duration("poll") ?? POLL_SECONDS * 1000, undefined, { signal });
  }
}

async function sync(context: VerbContext, connection: Connection): Promise<number> {
  const { output } = context;
  const { glacierSync } = await import("@datadb/client");
  const tier = tierOf(context);
  const found = await steps(
    context,
    () => glacierSync(connection, tier),
    ({ state }) => state === "done",
  );
  const { state, archives, missing } = found;
  if (state === "done") output.note(`the catalogue is complete: ${formatCount(archives, "archive")}`);
  if (state === "waiting")
    output.note("the vault was asked, and answers in some hours: run the same command again");
  if (state === "no-inventory")
    output.note("the vault has no inventory yet: it makes one about a day after the first upload");
  if (missing > 0)
    output.warn(
      `${formatCount(missing, "archive is", "archives are")} not in the inventory: too young for it, or gone`,
    );
  output.record({ type: "summary", ...found });
  return state === "done" ? EXIT.done : EXIT.incomplete;
}

async function restore(context: VerbContext, connection: Connection): Promise<number> {
  const { arguments: args, output } = context;
  const { glacierRestore } = await import("@datadb/client");
  const tier = tierOf(context);
  const backup = await readBackup(connection, args.operands[1]!);
  const plan = await glacierRestore(connection, backup, tier, false);
  const needs = `${formatCount(plan.archives, "archive")}, ${formatSize(plan.bytes)} (${tier})`;
  const untouched = plan.records > 0 && plan.waiting === 0;
  if (plan.records > 0)
    output.note(`backup ${backup.id.slice(0, 8)} needs ${formatCount(plan.records, "record")} from ${needs}`);
  if (args.flag("dry-run")) return present(context, plan);
  if (untouched && !(await ask(context, `retrieve ${needs}`))) {
    output.note("nothing was asked for");
    return EXIT.failed;
  }
  const end = await steps(
    context,
    () => glacierRestore(connection, backup, tier, true),
    ({ records }) => records === 0,
  );
  return present(context, end);
}

function present({ output, arguments: args }: VerbContext, plan: GlacierPlan): number {
  const { records, archives, bytes, waiting } = plan;
  output.record({ type: "summary", records, archives, bytes, waiting, dryRun: args.flag("dry-run") });
  if (records === 0) {
    output.note("all of it can be read: datadb restore");
    return EXIT.done;
  }
  if (args.flag("dry-run")) return EXIT.done;
  output.note(`${formatCount(waiting, "retrieval")} under way: run the same command again later`);
  return EXIT.incomplete;
}
