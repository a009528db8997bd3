/** The completion script for bash, made from the verb table. Needs nothing but bash 4. */
import { optionsOf } from "../arguments/global-options.ts";
import type { Completes, Option, Verb } from "../verb.ts";

export function bashCompletion(verbs: readonly Verb[]): string {
  const names = verbs.map((verb) => verb.name).join(" ");
  return `# bash completion for datadb, made by: datadb completion bash
# Load it in ~/.bashrc:  source <(datadb completion bash)

_datadb() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local verb='' options='' values='' kind='words' index
  local -a store=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    case \${COMP_WORDS[index]} in
    --store | --server | --lock-wait)
      [[ \${COMP_WORDS[index]} == --lock-wait ]] || store=("\${COMP_WORDS[index]}" "\${COMP_WORDS[index + 1]}")
      ((index++))
      ;;
    -*) ;;
    *) [[ -n $verb ]] || verb=\${COMP_WORDS[index]} ;;
    esac
  done
  case $verb in
  '') options='--store --server --json --quiet --help --version' values='${names}' ;;
${verbs.map(verbCase).join("\n")}
  esac
  case $verb,$previous in
${verbs.flatMap((verb) => optionsOf(verb).flatMap((option) => optionCase(verb, option))).join("\n")}
  esac
  COMPREPLY=()
  if [[ $current == -* && -n $options ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
    return
  fi
  case $kind in
  words) mapfile -t COMPREPLY < <(compgen -W "$values" -- "$current") ;;
  backup) mapfile -t COMPREPLY < <(compgen -W "latest $(datadb ls --names "\${store[@]}" 2>/dev/null)" -- "$current") ;;
  directory) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
  file) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
  esac
}

complete -F _datadb datadb
`;
}

/** How the script is told what to offer. */
function offer(completes: Completes | undefined): string {
  if (completes === undefined || completes === "nothing") return "kind=nothing";
  return typeof completes === "string" ? `kind=${completes}` : `kind=words values='${completes.join(" ")}'`;
}

function verbCase(verb: Verb): string {
  const options = optionsOf(verb)
    .filter((option) => !option.hidden)
    .map((option) => `--${option.name}`);
  return `  ${verb.name}) options='${options.join(" ")}' ${offer(verb.operands.completes)} ;;`;
}

function optionCase(verb: Verb, option: Option): string[] {
  if (option.value === undefined || option.optionalValue || option.hidden) return [];
  return [`  ${verb.name},--${option.name}) options='' ${offer(option.completes)} ;;`];
}
