/** The help, made from the verbs' own data. */
import { EXIT_MEANINGS } from "../exit-code.ts";
import { alignColumns } from "../output/align-columns.ts";
import { wrapText } from "../output/wrap-text.ts";
import type { Option, Verb } from "../verb.ts";
import { OUTPUT_OPTIONS, STORE_OPTIONS } from "./global-options.ts";

/** `datadb --help`: what it is, the verbs, where to go on. */
export function generalHelp(verbs: readonly Verb[]): string {
  const rows = verbs.map((verb) => [`  ${verb.name}`, verb.summary]);
  return [
    "datadb keeps deduplicated backups of files and directories, and restores them exactly.",
    "",
    "Usage: datadb VERB [OPTION]... [OPERAND]...",
    "",
    "Verbs:",
    ...alignColumns(rows),
    "",
    "Options of every verb:",
    ...optionLines([...STORE_OPTIONS, ...OUTPUT_OPTIONS]),
    ...alignColumns([["      --version", "print the version"]]),
    "",
    "Examples:",
    "  datadb snapshot ~/documents          back a directory up",
    "  datadb ls                            list the backups",
    "  datadb restore documents /tmp/back   restore the newest one into a new directory",
    "",
    "A backup is named by NAME, HOST/NAME, an id or `latest`, then @TIME, then :PATH:",
    "documents, web1/documents, 3f9a1c20, documents@2026-11-19, documents@2026-11-19:letters/a.txt",
    "",
    "More about a verb: datadb VERB --help",
  ].join("\n");
}

/** `datadb VERB --help`. */
export function verbHelp(verb: Verb): string {
  const lines = [
    `Usage: datadb ${verb.name} ${verb.usage}`.trimEnd(),
    "",
    ...wrapText(`${verb.summary}.`, 0),
  ];
  for (const paragraph of verb.description) lines.push("", ...wrapText(paragraph, 0));
  if (verb.options.some((option) => !option.hidden)) lines.push("", "Options:", ...optionLines(verb.options));
  if (!verb.storeless) lines.push("", "Store:", ...optionLines(STORE_OPTIONS));
  lines.push(
    "",
    "Output:",
    ...optionLines(OUTPUT_OPTIONS),
    "",
    verb.examples.length > 1 ? "Examples:" : "Example:",
  );
  for (const { line, does } of verb.examples) lines.push(...wrapText(`${does}:`, 2), `    ${line}`);
  lines.push("", "EXIT STATUS", ...exitLines(verb));
  return lines.join("\n");
}

function optionLines(options: readonly Option[]): string[] {
  return options.filter((option) => !option.hidden).flatMap(optionLine);
}

/** The column where the explanations of options begin. */
const HELP_COLUMN = 28;

function optionLine(option: Option): string[] {
  const value =
    option.value === undefined ? "" : option.optionalValue ? `[=${option.value}]` : ` ${option.value}`;
  const head = `  ${option.short ? `-${option.short}, ` : "    "}--${option.name}${value}`;
  const text = option.help + (option.repeatable ? " (repeatable)" : "");
  const lines = wrapText(text, HELP_COLUMN);
  if (head.length + 2 > HELP_COLUMN) return [head, ...lines];
  return [head.padEnd(HELP_COLUMN) + lines[0]!.trimStart(), ...lines.slice(1)];
}

function exitLines(verb: Verb): string[] {
  const meanings = { ...EXIT_MEANINGS, ...verb.exits };
  return Object.keys(meanings)
    .map(Number)
    .sort((a, b) => a - b)
    .flatMap((code) => {
      const lines = wrapText(meanings[code]!, 7);
      return [`  ${String(code).padStart(3)}  ${lines[0]!.trimStart()}`, ...lines.slice(1)];
    });
}
