/** datadb rebuild: makes the databases anew from the packs. */
import { EXIT } from "../exit-code.ts";
import { formatCount } from "../output/format-count.ts";
import { formatDuration } from "../output/format-duration.ts";
import { localStore } from "../store/with-connection.ts";
import type { Verb, VerbContext } from "../verb.ts";

export const rebuild: Verb = {
  name: "rebuild",
  summary: "Make the databases of a store anew from its packs",
  usage: "[OPTION]...",
  description: [
    "For a store whose databases are lost or damaged: everything in them can be made again from the packs alone, the " +
      "newest checkpoint and the log. Nobody else can use the store meanwhile.",
  ],
  options: [],
  operands: { least: 0, most: 0 },
  examples: [{ line: "datadb rebuild --store /srv/backup", does: "After the loss of meta/ or local/" }],
  exits: { [EXIT.damaged]: "packs are damaged: what could not be read is named" },
  run: remake,
};

async function remake(context: VerbContext): Promise<number> {
  const { output } = context;
  const { directory, options } = localStore(context, { job: "rebuild" });
  const [{ rebuildStore }, { holdWhenFree }] = await Promise.all([
    import("@datadb/server"),
    import("../store/hold-when-free.ts"),
  ]);
  options.known?.checkPresent(directory);
  const started = performance.now();
  const { warn, signal } = options;
  const { sequence, backups, damaged } = await holdWhenFree(directory, options, () =>
    rebuildStore(directory, { warn, signal }),
  );
  const seconds = (performance.now() - started) / 1000;
  const found = formatCount(backups, "backup");
  output.note(`rebuilt: ${found}, ${formatCount(sequence, "log record")} in ${formatDuration(seconds)}`);
  if (damaged > 0) {
    const ranges = formatCount(damaged, "damaged range");
    output.note(
      `${ranges} of packs could not be read; datadb check names the backups that need what was there`,
    );
  }
  output.record({ type: "summary", backups, sequence, damaged, seconds });
  return damaged > 0 ? EXIT.damaged : EXIT.done;
}
