/** What a verb is: the data that parsing, help and completion are made of, and the function that does it. */
import type { Arguments } from "./arguments/arguments.ts";
import type { Output } from "./output/output.ts";

/** What a shell offers where a value is expected; a list names the values themselves. */
export type Completes = "directory" | "file" | "backup" | "nothing" | readonly string[];

/** One option of a verb. Names are long names without the dashes. */
export interface Option {
  name: string;
  /** One letter, used with one dash. */
  short?: string;
  /** How the value is called in the help; absent for a switch. */
  value?: string;
  /** The value may be left out; then it must be written `--name=VALUE`. */
  optionalValue?: boolean;
  /** May be given several times. */
  repeatable?: boolean;
  /** One phrase without a full stop. */
  help: string;
  completes?: Completes;
  /** Works but is not shown. */
  hidden?: boolean;
}

/** A line of the help's examples: what is typed, and what it does. */
interface Example {
  line: string;
  does: string;
}

export interface Verb {
  name: string;
  /** One line for the list of verbs. */
  summary: string;
  /** What follows the verb's name on the usage line. */
  usage: string;
  /** Paragraphs of the help. */
  description: readonly string[];
  options: readonly Option[];
  examples: readonly Example[];
  /** Exit codes beyond 0, 1, 2 and 130, which every verb can have. */
  exits?: Readonly<Record<number, string>>;
  /** Least and greatest number of operands. */
  operands: { least: number; most: number; completes?: Completes };
  /** Takes a command after `--`. */
  command?: boolean;
  /** Ends early, as done, when nobody reads its output any more (`datadb ls | head`). */
  stopsWithReader?: boolean;
  /** Needs neither a store nor a server: --store and --server are not accepted. */
  storeless?: boolean;
  /** Does the work; resolves with the exit code. Errors are thrown and presented by main. */
  run(context: VerbContext): Promise<number>;
}

/** What a verb works with. Nothing else of the process is touched by verbs, so that tests can own it. */
export interface VerbContext {
  arguments: Arguments;
  output: Output;
  environment: NodeJS.ProcessEnv;
  /** Aborted by SIGINT, SIGTERM and, for verbs that stop with their reader, by a closed output. */
  signal: AbortSignal;
  /** From now on SIGHUP calls this instead of ending the run. */
  onHangup(listener: () => void): void;
  /** All verbs, for what is made of the table. */
  loadVerbs(): Promise<readonly Verb[]>;
}
