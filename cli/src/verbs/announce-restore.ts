/** Says what a restore will do, before it does it. */
import { formatTime } from "../output/format-time.ts";
import { printable } from "../output/printable.ts";
import type { VerbContext } from "../verb.ts";
import type { Selection } from "./read-selection.ts";

/** Whoever restores the wrong thing should see it before anything is written. */
export function announce({ output }: VerbContext, { backup, path }: Selection, destination: string): void {
  const part = path ? `, only ${printable(path)}` : "";
  output.note(`restoring ${printable(backup.host)}:${printable(backup.path)}${part}`);
  output.note(
    `backup ${backup.id.slice(0, 8)} of ${formatTime(new Date(backup.time))} into ${printable(destination)}`,
  );
  if (!backup.complete)
    output.warn("this backup is incomplete: some entries could not be read when it was made");
  if (backup.lost.length > 0)
    output.warn(
      `this backup is damaged, and lacks ${backup.lost.map(printable).join(", ")}; the rest of it restores`,
    );
}
