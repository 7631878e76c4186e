import type { CommandOption } from "./commands.ts";
export function brokerOptions(): readonly CommandOption[] {
  return [];
}
