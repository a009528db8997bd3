/** datadb glacier: data in Glacier's archives, which takes hours to come back. */
import type { Connection, GlacierPlan } from "@datadb/client";
import { UsageError } from "@datadb/protocol";
import { EXIT } from "../exit-code.ts";
import { formatCount } from "../output/format-count.ts";
import { formatSize } from "../output/format-size.ts";
import { printable } from "../output/printable.ts";
import { withConnection } from "../store/with-connection.ts";
import type { Verb, VerbContext } from "../verb.ts";
import { DRY_RUN_OPTION, YES_OPTION } from "./backup-options.ts";
import { readBackup } from "./read-selection.ts";
import { POLL_OPTION, planThaw, repeatStep, TIER_OPTION, thawBackup, tierOf } from "./thaw-backup.ts";

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
    TIER_OPTION,
    { name: "wait", help: "stay until everything has come" },
    POLL_OPTION,
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

/** Milliseconds that --wait stays. */
function waitOf({ arguments: args }: VerbContext): number {
  return args.flag("wait") ? Number.POSITIVE_INFINITY : 0;
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

async function sync(context: VerbContext, connection: Connection): Promise<number> {
  const { output } = context;
  const { glacierSync } = await import("@datadb/client");
  const tier = tierOf(context);
  const found = await repeatStep(
    context,
    waitOf(context),
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
  const { arguments: args } = context;
  const backup = await readBackup(connection, args.operands[1]!);
  if (args.flag("dry-run")) return present(context, (await planThaw(context, connection, backup)).plan);
  const end = await thawBackup(context, connection, backup, waitOf(context));
  return end === null ? EXIT.failed : present(context, end);
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
