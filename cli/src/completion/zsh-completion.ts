/** The completion script for zsh, made from the verb table. */
import { optionsOf } from "../arguments/global-options.ts";
import type { Completes, Option, Verb } from "../verb.ts";

export function zshCompletion(verbs: readonly Verb[]): string {
  return `#compdef datadb
# zsh completion for datadb, made by: datadb completion zsh
# Load it in ~/.zshrc, after compinit:  source <(datadb completion zsh)

_datadb_backups() {
  local -a names store
  local index
  for ((index = 1; index < CURRENT; index++)); do
    [[ \${words[index]} == --(store|server) ]] && store=("\${words[index]}" "\${words[index + 1]}")
  done
  names=(latest \${(f)"$(datadb ls --names "\${store[@]}" 2>/dev/null)"})
  compadd -a names
}

_datadb() {
  local curcontext=$curcontext state line
  local -a verbs
  verbs=(
${verbs.map((verb) => `    ${quoted(`${verb.name}:${verb.summary}`)}`).join("\n")}
  )
  _arguments -C '--help[print the help]' '--version[print the version]' '1: :->verb' '*:: :->rest'
  case $state in
  verb) _describe -t verbs verb verbs ;;
  rest)
    case $words[1] in
${verbs.map(verbCase).join("\n")}
    esac
    ;;
  esac
}

if [[ $funcstack[1] == _datadb ]]; then
  _datadb "$@"
else
  compdef _datadb datadb
fi
`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** In _arguments' specifications brackets and colons have a meaning. */
const escaped = (text: string): string => text.replace(/[[\]:\\]/g, "\\$&");

function action(completes: Completes | undefined): string {
  if (completes === undefined || completes === "nothing") return " ";
  if (completes === "directory") return "_files -/";
  if (completes === "file") return "_files";
  if (completes === "backup") return "_datadb_backups";
  return `(${completes.join(" ")})`;
}

function verbCase(verb: Verb): string {
  const specifications = optionsOf(verb)
    .filter((option) => !option.hidden)
    .map(optionSpecification);
  if (verb.operands.most > 0)
    specifications.push(quoted(`*:${verb.name}:${action(verb.operands.completes)}`));
  return `    ${verb.name}) _arguments ${specifications.join(" ")} ;;`;
}

function optionSpecification(option: Option): string {
  const help = `[${escaped(option.help)}]`;
  const many = option.repeatable ? "*" : "";
  if (option.value === undefined) return quoted(`${many}--${option.name}${help}`);
  const value = `${escaped(option.value)}:${action(option.completes)}`;
  return quoted(
    option.optionalValue ? `--${option.name}=-${help}::${value}` : `${many}--${option.name}${help}:${value}`,
  );
}
