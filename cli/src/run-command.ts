/** One run of the command: find the verb, parse, do it, present what went wrong once, give the exit code. */
import { createRequire } from "node:module";
import { UsageError } from "@datadb/protocol";
import { closest } from "./arguments/closest.ts";
import { generalHelp, verbHelp } from "./arguments/help-text.ts";
import { parseArguments } from "./arguments/parse-arguments.ts";
import { splitVerb } from "./arguments/split-verb.ts";
import { EXIT } from "./exit-code.ts";
import { createOutput, type TextStream } from "./output/output.ts";
import { presentError } from "./output/present-error.ts";
import type { Verb } from "./verb.ts";
import { loadVerbs, VERB_TABLE } from "./verb-table.ts";

/** What one run touches of its process. */
export interface Surroundings {
  stdout: TextStream;
  stderr: TextStream;
  environment: NodeJS.ProcessEnv;
  /** Aborted by a signal. */
  interrupted: AbortSignal;
  /** From now on SIGHUP calls this instead of aborting. */
  onHangup(listener: () => void): void;
  /** Aborted when nobody reads standard output any more. */
  outputClosed: AbortSignal;
}

/** Never throws; resolves with the exit code. */
export async function runCommand(words: readonly string[], surroundings: Surroundings): Promise<number> {
  const { stdout, stderr, environment, interrupted, outputClosed, onHangup } = surroundings;
  // Even mistakes in the options are told as --json asks, so this cannot wait for the parser.
  const options = words.includes("--") ? words.slice(0, words.indexOf("--")) : words;
  const json = options.includes("--json");
  const quiet = options.includes("--quiet") || options.includes("-q");
  const output = createOutput({ stdout, stderr, json, quiet, environment });
  let verb: Verb | undefined;
  try {
    const { verb: name, rest } = splitVerb(words);
    if (name === "help") return await general(rest.length === 0 ? ["--help"] : rest, stdout);
    if (name === undefined) return await general(rest, stdout);
    verb = await findVerb(name);
    const args = parseArguments(verb, rest);
    if (args.flag("help")) {
      stdout.write(`${verbHelp(verb)}\n`);
      return EXIT.done;
    }
    const signal = verb.stopsWithReader ? AbortSignal.any([interrupted, outputClosed]) : interrupted;
    return await verb.run({ arguments: args, output, environment, signal, onHangup, loadVerbs });
  } catch (error) {
    if (verb?.stopsWithReader && outputClosed.aborted) return EXIT.done;
    return presentError(error, output, interrupted, verb?.name);
  }
}

async function findVerb(name: string): Promise<Verb> {
  const load = Object.hasOwn(VERB_TABLE, name) ? VERB_TABLE[name] : undefined;
  if (load) return await load();
  const meant = closest(name, Object.keys(VERB_TABLE));
  throw new UsageError(
    `datadb has no verb ${name}${meant ? `; did you mean ${meant}?` : ""}`,
    "see: datadb --help",
  );
}

/** Without a verb: the version, or the general help; `datadb help VERB` works too. */
async function general(rest: readonly string[], stdout: TextStream): Promise<number> {
  if (rest.includes("--version") || rest.includes("-V")) {
    stdout.write(`datadb ${version()}\n`);
    return EXIT.done;
  }
  const about = rest.find((word) => !word.startsWith("-"));
  if (about !== undefined) {
    stdout.write(`${verbHelp(await findVerb(about))}\n`);
    return EXIT.done;
  }
  const unknown = rest.find((word) => !["--help", "-h", "--json", "--quiet", "-q"].includes(word));
  if (unknown !== undefined) throw new UsageError(`there is no verb before ${unknown}`, "see: datadb --help");
  if (rest.length === 0) throw new UsageError("there is no verb", "see: datadb --help");
  stdout.write(`${generalHelp(await loadVerbs())}\n`);
  return EXIT.done;
}

function version(): string {
  return (createRequire(import.meta.url)("datadb/package.json") as { version: string }).version;
}
