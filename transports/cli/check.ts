/** `waystation check FILE`: reads a configuration file as `serve` would and names everything that is wrong with it. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { loadConfig } from "../../lib/config/config.ts";
import { BrokerError, ConfigError, issueText } from "../../lib/errors.ts";
import type { Invocation } from "./invocation.ts";
import { print } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export async function run(invocation: Invocation, terminal: Terminal): Promise<number> {
  const file = path.resolve(terminal.folder, invocation.operand(0));
  try {
    const config = loadConfig({ args: ["--config", file], folder: terminal.folder, readText: (name) => readFileSync(name, "utf8") });
    const users = config.users.length;
    await print(invocation, terminal, { file, valid: true, users, tenants: config.tenants.length, issues: [] }, () => {
      return `${file} is well: ${users === 1 ? "1 user" : `${users} users`}, durability ${config.durability}\n`;
    });
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { issues } = error;
    await print(invocation, terminal, { file, valid: false, issues }, () => `${issues.map(issueText).join("\n")}\n`);
    throw new BrokerError(
      "config",
      `${file}: ${issues.length === 1 ? "one thing is" : `${issues.length} things are`} wrong, mend what is listed on stdout`,
      { cause: error },
    );
  }
}
