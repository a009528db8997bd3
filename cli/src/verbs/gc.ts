/** datadb gc: returns the space of what no backup needs any more. */
import type { Connection } from "@datadb/client";
import { UsageError } from "@datadb/protocol";
import { EXIT } from "../exit-code.ts";
import { formatCount } from "../output/format-count.ts";
import { formatDuration } from "../output/format-duration.ts";
import { formatSize } from "../output/format-size.ts";
import { withConnection } from "../store/with-connection.ts";
import type { Verb, VerbContext } from "../verb.ts";
import { DRY_RUN_OPTION } from "./backup-options.ts";
import { followCollection } from "./follow-collection.ts";
import { callForFields, countOf } from "./reply-fields.ts";

export const gc: Verb = {
  name: "gc",
  summary: "Return the space of what no backup needs any more",
  usage: "[OPTION]...",
  description: [
    "Removes content that no backup uses, after datadb forget and datadb rm, and gives its space back. Backups and restores may run " +
      "meanwhile; what interrupted backups have sent is kept for a day, so that they can go on.",
    "It can be interrupted at any time: what is done stays done, and the next run ends it.",
  ],
  options: [
    {
      name: "max-unused",
      value: "PERCENT",
      help: "leave packs and chains of differences of which at most so much is garbage as they are (default 10)",
      completes: "nothing",
    },
    DRY_RUN_OPTION,
  ],
  operands: { least: 0, most: 0 },
  examples: [
    { line: "datadb gc --dry-run", does: "How much would be removed" },
    { line: "datadb gc --max-unused 0", does: "Every byte, whatever has to be written anew for it" },
  ],
  exits: { [EXIT.damaged]: "the store is damaged: nothing was removed" },
  run: (context) => withConnection(context, { job: "gc" }, (connection) => collect(context, connection)),
};

function percentOf(text: string | undefined): string[] {
  if (text === undefined) return [];
  if (/^\d{1,3}(\.\d{1,4})?%?$/.test(text) && Number.parseFloat(text) <= 100)
    return ["UNUSED", text.replace("%", "")];
  throw new UsageError(`--max-unused is ${text}`, "give a percentage from 0 to 100");
}

async function collect(context: VerbContext, connection: Connection): Promise<number> {
  const { arguments: args, output, signal } = context;
  const dryRun = args.flag("dry-run");
  const words = ["GC", ...(dryRun ? ["DRY-RUN"] : []), ...percentOf(args.text("max-unused"))];
  const follow = followCollection(connection, output);
  let fields: Awaited<ReturnType<typeof callForFields>>;
  try {
    fields = await callForFields(connection, signal, ...words);
  } finally {
    follow.done();
  }
  const count = (name: string): number => countOf(fields, name);
  const blobs = formatCount(count("blobs"), "blob");
  const took = `in ${formatDuration(count("milliseconds") / 1000)}`;
  const anew = count("detached");
  if (dryRun) output.line(`would remove ${blobs} (${formatSize(count("bytes"))}); looked ${took}`);
  else {
    output.line(`removed ${blobs}, returned ${formatSize(count("returned"))} ${took}`);
    const left = count("unused");
    if (left > 0) output.note(`${formatSize(left)} of garbage are left in packs that are mostly used`);
  }
  if (anew > 0)
    output.note(
      `${dryRun ? "would encode" : "encoded"} ${formatCount(anew, "blob")} anew, which alone needed older ones`,
    );
  output.record({
    type: "summary",
    dryRun,
    ...Object.fromEntries(
      ["blobs", "bytes", "kept", "detached", "packs", "returned", "rewritten", "unused"].map((name) => [
        name,
        count(name),
      ]),
    ),
    seconds: count("milliseconds") / 1000,
  });
  return EXIT.done;
}
