/** The options of `serve` as the table of commands shows them, out of the configuration's own table. */
import { flagOf, serveOptions } from "../../lib/config/option.ts";
import type { CommandOption } from "./commands.ts";

export function brokerOptions(): readonly CommandOption[] {
  return serveOptions.map((option) => ({
    name: flagOf(option.key).slice("--".length),
    value: option.kind === "boolean" ? undefined : option.placeholder,
    summary: `${option.doc}${option.default === undefined || option.kind === "boolean" ? "" : ` (${option.default})`}`,
    ...(option.choices.length === 0 ? {} : { choices: option.choices }),
  }));
}
