/** A command line taken apart by a command's table: every option known, every value where one is due, the right number of operands. */
import { parseArgs } from "node:util";
import type { Command, CommandOption } from "./commands.ts";
import { nearestName } from "../../lib/config/nearest.ts";
import { usage } from "./failure.ts";

export class Invocation {
  readonly command: Command;
  readonly operands: readonly string[];
  /** What follows the command, untouched: for `serve`, whose options are the configuration's. */
  readonly rest: readonly string[];
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(command: Command, rest: readonly string[], operands: readonly string[], values: ReadonlyMap<string, readonly string[]>) {
    this.command = command;
    this.rest = rest;
    this.operands = operands;
    this.#values = values;
  }

  /** True when the switch was given. */
  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The option's last value. */
  value(name: string): string | undefined {
    return this.#values.get(name)?.at(-1);
  }

  values(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** An operand the table requires. */
  operand(position: number): string {
    const word = this.operands[position];
    if (word === undefined) throw usage(`${this.command.name}: ${this.command.operands[position] ?? "an operand"} is missing`);
    return word;
  }
}

export function parseInvocation(command: Command, rest: readonly string[]): Invocation {
  if (command.brokerOptions === true) return new Invocation(command, rest, [], new Map());
  const options = Object.fromEntries(
    command.options.map((option) => [option.name, { type: option.value === undefined ? ("boolean" as const) : ("string" as const) }]),
  );
  const { tokens } = parseArgs({ args: [...rest], options, strict: false, allowPositionals: true, tokens: true });
  const values = new Map<string, string[]>();
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const option = command.options.find((candidate) => candidate.name === token.name);
    if (option === undefined) throw unknownOption(command, token.rawName, token.name);
    const texts = values.get(option.name) ?? [];
    texts.push(valueOf(option, token.value, token.inlineValue === true));
    values.set(option.name, texts);
  }
  const required = command.operands.filter((operand) => !operand.startsWith("[")).length;
  if (operands.length < required)
    throw usage(`${command.name}: ${command.operands[operands.length] ?? ""} is missing, see waystation ${command.name} --help`);
  const extra = operands[command.operands.length];
  if (extra !== undefined) throw usage(`${command.name}: '${extra}' is one word too many, see waystation ${command.name} --help`);
  return new Invocation(command, rest, operands, values);
}

function valueOf(option: CommandOption, value: string | undefined, inline: boolean): string {
  if (option.value === undefined) {
    if (inline) throw usage(`--${option.name} takes no value`);
    return "";
  }
  if (value === undefined) throw usage(`--${option.name} needs a value: ${option.value}`);
  if (option.choices !== undefined && !option.choices.includes(value)) {
    throw usage(`--${option.name} is ${option.choices.join(" or ")}, not '${value}'`);
  }
  return value;
}

function unknownOption(command: Command, raw: string, name: string): Error {
  const like = nearestName(
    name,
    command.options.map((option) => option.name),
  );
  const hint = like === undefined ? `see waystation ${command.name} --help` : `did you mean --${like}?`;
  return usage(`${command.name} has no option ${raw}, ${hint}`);
}
