/** The completion script for fish, made from the verb table. */
import { optionsOf } from "../arguments/global-options.ts";
import type { Completes, Option, Verb } from "../verb.ts";

export function fishCompletion(verbs: readonly Verb[]): string {
  return `# fish completion for datadb, made by: datadb completion fish
# Install it:  datadb completion fish > ~/.config/fish/completions/datadb.fish

function __datadb_backups
    set -l words (commandline -opc)
    set -l store
    for option in --store --server
        if set -l index (contains -i -- $option $words)
            set store $option $words[(math $index + 1)]
        end
    end
    echo latest
    datadb ls --names $store 2>/dev/null
end

complete -c datadb -f
complete -c datadb -n __fish_use_subcommand -l help -d 'print the help'
complete -c datadb -n __fish_use_subcommand -l version -d 'print the version'
${verbs.map((verb) => `complete -c datadb -n __fish_use_subcommand -a ${verb.name} -d ${quoted(verb.summary)}`).join("\n")}
${verbs.flatMap(verbLines).join("\n")}
`;
}

const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

function action(completes: Completes | undefined): string {
  if (completes === undefined || completes === "nothing") return "";
  if (completes === "directory") return " -a '(__fish_complete_directories)'";
  if (completes === "file") return " -F"; // overrides the general -f
  if (completes === "backup") return " -a '(__datadb_backups)'";
  return ` -a ${quoted(completes.join(" "))}`;
}

function verbLines(verb: Verb): string[] {
  const start = `complete -c datadb -n '__fish_seen_subcommand_from ${verb.name}'`;
  const lines = optionsOf(verb)
    .filter((option) => !option.hidden)
    .map((option) => start + optionPart(option));
  const operands = verb.operands.most > 0 ? action(verb.operands.completes) : "";
  return operands === "" ? lines : [...lines, start + operands];
}

function optionPart(option: Option): string {
  const short = option.short ? ` -s ${option.short}` : "";
  const value =
    option.value === undefined || option.optionalValue
      ? ""
      : `${option.completes === "file" ? " -r" : " -x"}${action(option.completes)}`;
  return `${short} -l ${option.name}${value} -d ${quoted(option.help)}`;
}
