/** The options that every verb has, in the order of the help. */
import type { Option, Verb } from "../verb.ts";

export const STORE_OPTIONS: readonly Option[] = [
  {
    name: "store",
    value: "DIR",
    help: "the store (else DATADB_STORE, else $XDG_DATA_HOME/datadb)",
    completes: "directory",
  },
  {
    name: "server",
    value: "URL",
    help: "a remote store: redis://[USER:PASSWORD@]HOST[:PORT] or rediss:// (else DATADB_SERVER)",
    completes: "nothing",
  },
  {
    name: "lock-wait",
    value: "TIME",
    help: "how long to wait for a store that another process holds, such as 30s or 5m (default 1m)",
    completes: "nothing",
  },
];

export const OUTPUT_OPTIONS: readonly Option[] = [
  { name: "json", help: 'print one JSON object a line, the last with "type":"summary"' },
  { name: "quiet", short: "q", help: "print nothing but results and errors" },
  { name: "help", short: "h", help: "print this help" },
];

/** All options that the verb accepts: its own, then the general ones. */
export function optionsOf(verb: Verb): readonly Option[] {
  return [...verb.options, ...(verb.storeless ? [] : STORE_OPTIONS), ...OUTPUT_OPTIONS];
}
