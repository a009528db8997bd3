/** Warns of what a typed URL of a database shows to others. */
import { holdsPassword } from "@datadb/client";
import type { VerbContext } from "../verb.ts";

/** A URL that a program or a file gives is seen by nobody: only what is typed is warned of. Throws USAGE for what is no URL. */
export function warnOfUrlPassword({ output }: VerbContext, url: string): void {
  if (!holdsPassword(url)) return;
  output.warn(
    "the password in the URL can be read by everybody on this machine while the command starts; better use PGPASSWORD or ~/.pgpass",
  );
}
