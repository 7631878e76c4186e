/** What the option table looks like to people and shells: help, a table for README, the words to complete. */
import { limitNames, limitRules } from "../limits.ts";
import { environmentNameOf, flagOf } from "./option.ts";
import type { Option } from "./option.ts";

/** One line for each option: `  --port PORT   what it is (4222)`. */
export function helpLines(options: readonly Option[]): string[] {
  const heads = options.map((option) => `  ${flagOf(option.key)}${option.placeholder === "" ? "" : ` ${option.placeholder}`}`);
  const width = Math.max(...heads.map((head) => head.length)) + 2;
  return options.map((option, index) => {
    const byDefault = option.default === undefined || option.default === "false" ? "" : ` (${option.default})`;
    return `${(heads[index] ?? "").padEnd(width)}${option.doc}${byDefault}`;
  });
}

/** A Markdown table of the options. */
export function optionsMarkdown(options: readonly Option[]): string {
  const rows = options.map((option) => {
    const value = option.placeholder === "" ? "" : ` ${option.placeholder.replaceAll("|", "\\|")}`;
    const byDefault = option.default === undefined ? "" : `\`${option.default}\``;
    const reload = option.live ? "yes" : "restart";
    return `| \`${flagOf(option.key)}\`${value} | \`${option.key}\` | \`${environmentNameOf(option.key)}\` | ${byDefault} | ${reload} | ${option.doc} |`;
  });
  return ["| flag | key in the file | environment | default | reload | what |", "| --- | --- | --- | --- | --- | --- |", ...rows].join(
    "\n",
  );
}

/** A Markdown table of the limits. */
export function limitsMarkdown(): string {
  const rows = limitNames.map((name) => {
    const rule = limitRules[name];
    return `| \`${name}\` | ${rule.unit} | ${rule.default} | ${rule.min} – ${rule.max} | ${rule.whenMet} |`;
  });
  return ["| limit | unit | default | range | when it is met |", "| --- | --- | --- | --- | --- |", ...rows].join("\n");
}

/** The flags, for completion in shells. */
export function completionWords(options: readonly Option[]): string[] {
  return options.map((option) => flagOf(option.key));
}
