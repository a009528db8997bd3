/** Options that several verbs share, and what they mean. */
import type { Option } from "../verb.ts";

export const YES_OPTION: Option = { name: "yes", short: "y", help: "do it without asking" };
export const DRY_RUN_OPTION: Option = {
  name: "dry-run",
  short: "n",
  help: "say what would be done, and change nothing",
};
export const HOST_OPTION: Option = {
  name: "host",
  value: "HOST",
  help: "the host that the backup belongs to (else DATADB_HOST, else this machine's name)",
  completes: "nothing",
};
export const JOBS_OPTION: Option = {
  name: "jobs",
  value: "N",
  help: "how many threads work at a time (default: the number of cores, at most 4)",
  completes: "nothing",
};

/** More threads than this only wait for the disk. */
export const MAX_JOBS = 64;
