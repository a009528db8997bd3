/** datadb completion: prints the completion script for a shell. */
import { UsageError } from "@datadb/protocol";
import type { Verb } from "../verb.ts";

export const completion: Verb = {
  name: "completion",
  summary: "Print the completion script for bash, zsh or fish",
  usage: "bash|zsh|fish",
  description: ["The script completes verbs, options, values, paths and the names of backups."],
  options: [],
  operands: { least: 1, most: 1, completes: ["bash", "zsh", "fish"] },
  storeless: true,
  examples: [
    { line: "source <(datadb completion bash)", does: "Complete in this shell (a line for ~/.bashrc)" },
    { line: "datadb completion fish > ~/.config/fish/completions/datadb.fish", does: "Install it for fish" },
  ],
  async run({ arguments: args, output, loadVerbs }) {
    const shell = args.operands[0]!;
    const script = await makerOf(shell);
    if (!script) throw new UsageError(`there is no completion for ${shell}`, "choose bash, zsh or fish");
    const text = script(await loadVerbs());
    output.line(text.trimEnd());
    output.record({ type: "summary", shell, script: text });
    return 0;
  },
};

async function makerOf(shell: string): Promise<((verbs: readonly Verb[]) => string) | undefined> {
  if (shell === "bash") return (await import("../completion/bash-completion.ts")).bashCompletion;
  if (shell === "zsh") return (await import("../completion/zsh-completion.ts")).zshCompletion;
  if (shell === "fish") return (await import("../completion/fish-completion.ts")).fishCompletion;
  return undefined;
}
