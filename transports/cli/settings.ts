/** `waystation settings`: the doors and limits in force at a running broker. */
import { operationSubjects } from "../admin/operations.ts";
import { askBroker } from "./admin-request.ts";
import type { Invocation } from "./invocation.ts";
import { print, sheet } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export function run(invocation: Invocation, terminal: Terminal): Promise<number> {
  return askBroker(invocation, terminal, operationSubjects.settings, {}, (answer) =>
    print(invocation, terminal, answer, () => sheet(pairsOf(answer, ""))),
  );
}

/** Every value with its path. */
function pairsOf(value: unknown, path: string): (readonly [string, string | number])[] {
  if (typeof value === "number") return [[path, value]];
  if (typeof value !== "object" || value === null) return [[path, String(value)]];
  return Object.entries(value).flatMap(([name, field]) => pairsOf(field, path === "" ? name : `${path}.${name}`));
}
