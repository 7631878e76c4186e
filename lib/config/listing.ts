/** The tables of options and limits as README shows them. */
import { limitNames, limitRules } from "../limits.ts";
import { environmentNameOf, flagOf } from "./option.ts";
import type { Option } from "./option.ts";

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
