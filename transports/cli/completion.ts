/** `waystation completion SHELL`: scripts made from the table of commands, complete in themselves: pressing Tab starts no process. */
import { commands } from "./commands.ts";
import { usage } from "./failure.ts";
import { optionsOf } from "./help.ts";
import type { CommandOption } from "./commands.ts";
import type { Invocation } from "./invocation.ts";
import type { Terminal } from "./terminal.ts";

interface Entry {
  readonly words: readonly string[];
  readonly summary: string;
  readonly options: readonly CommandOption[];
}

export async function run(invocation: Invocation, terminal: Terminal): Promise<number> {
  const shell = invocation.operand(0);
  const entries = await Promise.all(
    commands.map(async (command): Promise<Entry> => ({
      words: command.name.split(" "),
      summary: command.summary,
      options: await optionsOf(command),
    })),
  );
  switch (shell) {
    case "bash":
      terminal.write(bash(entries));
      return 0;
    case "zsh":
      terminal.write(`#compdef waystation\nautoload -U +X bashcompinit && bashcompinit\n${bash(entries)}`);
      return 0;
    case "fish":
      terminal.write(fish(entries));
      return 0;
    default:
      throw usage(`completion knows bash, zsh and fish, not '${shell}'`);
  }
}

/** First words, without repeats. */
function roots(entries: readonly Entry[]): readonly string[] {
  return [...new Set(entries.map((entry) => entry.words[0] ?? ""))];
}

function seconds(entries: readonly Entry[], root: string): readonly string[] {
  return entries.flatMap((entry) => (entry.words[0] === root && entry.words[1] !== undefined ? [entry.words[1]] : []));
}

function bash(entries: readonly Entry[]): string {
  const cases: string[] = [];
  for (const root of roots(entries)) {
    const words = seconds(entries, root);
    if (words.length > 0) cases.push(`    '${root} ') words='${words.join(" ")}' ;;`);
  }
  for (const entry of entries) {
    const flags = entry.options.map((option) => `--${option.name}`);
    cases.push(`    '${entry.words.join(" ")} '*|'${entry.words.join(" ")}') words='${[...flags, "--help"].join(" ")}' ;;`);
  }
  const choices = new Map<string, string>();
  for (const option of entries.flatMap((entry) => entry.options))
    if (option.choices !== undefined) choices.set(option.name, option.choices.join(" "));
  return `# waystation completion, for bash (and zsh): source <(waystation completion bash)
_waystation() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} path='' words='' index
  for ((index = 1; index < COMP_CWORD && index < 3; index++)); do
    [[ \${COMP_WORDS[index]} == -* ]] || path+="\${COMP_WORDS[index]} "
  done
  case "$previous" in
${[...choices].map(([name, values]) => `    --${name}) COMPREPLY=($(compgen -W '${values}' -- "$current")); return ;;`).join("\n")}
    --config|--addresses-file|--data|--tls-ca) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  case "$path" in
    '') words='${roots(entries).join(" ")}' ;;
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _waystation waystation
`;
}

function fish(entries: readonly Entry[]): string {
  const lines = ["# waystation completion, for fish: waystation completion fish | source", "complete -c waystation -f"];
  const all = roots(entries);
  for (const root of all) {
    const single = entries.find((entry) => entry.words.length === 1 && entry.words[0] === root);
    const summary = single?.summary ?? seconds(entries, root).join(", ");
    lines.push(`complete -c waystation -n __fish_use_subcommand -a ${root} -d ${quoted(summary)}`);
  }
  for (const entry of entries) {
    const [root = "", second] = entry.words;
    if (second !== undefined) {
      const others = seconds(entries, root).join(" ");
      lines.push(
        `complete -c waystation -n '__fish_seen_subcommand_from ${root}; and not __fish_seen_subcommand_from ${others}' -a ${second} -d ${quoted(entry.summary)}`,
      );
    }
    const seen =
      second === undefined
        ? `__fish_seen_subcommand_from ${root}`
        : `__fish_seen_subcommand_from ${root}; and __fish_seen_subcommand_from ${second}`;
    for (const option of entry.options) {
      const value = option.value === undefined ? "" : option.choices === undefined ? " -r" : ` -x -a ${quoted(option.choices.join(" "))}`;
      lines.push(`complete -c waystation -n '${seen}' -l ${option.name}${value} -d ${quoted(option.summary)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`\'`)}'`;
}
