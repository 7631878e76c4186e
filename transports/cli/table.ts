/** What commands print: tables for people, JSON for programs. */
import type { Invocation } from "./invocation.ts";
import type { Terminal } from "./terminal.ts";

type Cell = string | number;

/** Prints `value` as one line of JSON when the program asked for it, else what `show` makes of it. */
export async function print(
  invocation: Invocation,
  terminal: Terminal,
  value: unknown,
  show: () => Promise<string> | string,
): Promise<void> {
  terminal.write(invocation.has("json") ? `${JSON.stringify(value)}\n` : await show());
}

/** No lines: columns apart, so that people read it and `grep` and `awk` can. */
const style = { head: [], border: [], "padding-left": 0, "padding-right": 0 };
const edges = ["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"] as const;
const lines = ["left", "left-mid", "mid", "mid-mid", "right", "right-mid"] as const;
const chars = { ...Object.fromEntries([...edges, ...lines].map((name) => [name, ""])), middle: "  " };

/** A table with a head. Numbers stand to the right. */
export async function table(head: readonly string[], rows: readonly (readonly Cell[])[]): Promise<string> {
  const { default: Table } = await import("cli-table3");
  const right = head.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === "number"));
  const titles = head.map((title) => title.toUpperCase());
  const drawn = new Table({ head: titles, style, chars, colAligns: right.map((yes) => (yes ? "right" : "left")) });
  for (const row of rows) drawn.push(row.map(text));
  return trimmed(drawn.toString());
}

/** Names and values below each other. */
export async function sheet(pairs: readonly (readonly [string, Cell])[]): Promise<string> {
  const { default: Table } = await import("cli-table3");
  const drawn = new Table({ style, chars });
  for (const [name, value] of pairs) drawn.push([name, text(value)]);
  return trimmed(drawn.toString());
}

function text(cell: Cell): string {
  return typeof cell === "number" ? cell.toLocaleString("en-US") : cell;
}

function trimmed(drawn: string): string {
  return `${drawn.replaceAll(/ +$/gm, "")}\n`;
}
