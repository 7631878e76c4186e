/** Help, made from the table of commands. */
import { commandOf, commands } from "./commands.ts";
import type { Command, CommandOption } from "./commands.ts";
import type { Invocation } from "./invocation.ts";
import type { Terminal } from "./terminal.ts";

export function overview(): string {
  const width = Math.max(...commands.map((command) => synopsis(command).length));
  const lines = commands.map((command) => `  ${synopsis(command).padEnd(width)}  ${command.summary}`);
  return `waystation, a lightweight message broker\n\n${lines.join("\n")}\n\nwaystation COMMAND --help tells a command's options.\nExit codes: 0 done, 1 failed, 2 command line or configuration, 3 port or data folder in use.\n`;
}

export async function helpText(command: Command): Promise<string> {
  const options = await optionsOf(command);
  const head = `waystation ${synopsis(command)}${options.length === 0 ? "" : " [OPTIONS]"}\n${command.summary}\n`;
  if (options.length === 0) return head;
  const names = options.map((option) => `--${option.name}${option.value === undefined ? "" : ` ${choicesOf(option)}`}`);
  const width = Math.max(...names.map((name) => name.length));
  return `${head}\n${options.map((option, index) => `  ${(names[index] ?? "").padEnd(width)}  ${option.summary}`).join("\n")}\n`;
}

/** A command's options; those of `serve` come out of the configuration's own table. */
export async function optionsOf(command: Command): Promise<readonly CommandOption[]> {
  if (command.brokerOptions !== true) return command.options;
  const { brokerOptions } = await import("./broker-options.ts");
  return brokerOptions();
}

function synopsis(command: Command): string {
  return [command.name, ...command.operands].join(" ");
}

function choicesOf(option: CommandOption): string {
  return option.choices?.join("|") ?? option.value ?? "";
}

export async function run(invocation: Invocation, terminal: Terminal): Promise<number> {
  const { command } = commandOf(invocation.operands);
  terminal.write(command === undefined ? overview() : await helpText(command));
  return 0;
}
