/** The operator mode of nats-server's configuration: `operator`, `resolver: MEMORY` and `resolver_preload`, as what the authenticator trusts. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { readAccount, readOperator } from "../../lib/auth/operator-trust.ts";
import type { AccountClaims, OperatorTrust } from "../../lib/auth/operator-trust.ts";
import { BrokerError } from "../../lib/errors.ts";
import type { ConfFields } from "./conf-value.ts";

export interface Operators {
  readonly trust: OperatorTrust;
  readonly systemAccount: string | undefined;
}

/** Undefined when no operator is named. */
export function readOperators(top: ConfFields, folder: string): Operators | undefined {
  const named = top.texts("operator", "operators", "root", "roots", "root_operator", "root_operators");
  if (named === undefined) return undefined;
  const keys = new Set<string>();
  let systemAccount: string | undefined;
  for (const text of named) {
    const operator = readOperator(text.startsWith("eyJ") ? text : tokenIn(resolve(folder, text)));
    if (operator === undefined) throw new BrokerError("config", "operator: it is no token of an operator, signed by itself");
    for (const key of operator.keys) keys.add(key);
    systemAccount ??= operator.systemAccount;
  }
  const resolver = top.get("resolver", "account_resolver", "accounts_resolver");
  if (typeof resolver !== "string" || !/^mem(?:ory)?$/i.test(resolver))
    throw new BrokerError("config", "resolver: only MEMORY is possible here; give the accounts' tokens as resolver_preload");
  const accounts = new Map<string, AccountClaims>();
  const preload = top.get("resolver_preload");
  for (const [name, token] of preload instanceof Map ? preload : []) {
    const account = typeof token === "string" ? readAccount(token, keys) : undefined;
    if (account === undefined || account.tenant.name !== name) {
      throw new BrokerError("config", `resolver_preload.${name}: it is no token of this account, signed by a trusted operator`);
    }
    accounts.set(name, account);
  }
  return { trust: { operatorKeys: keys, accounts }, systemAccount };
}

/** The token in a file, which may be decorated with lines of dashes. */
function tokenIn(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new BrokerError("config", `${file} cannot be read: name the file of the operator's token`, { cause: error });
  }
  return /eyJ[\w-]+\.[\w-]+\.[\w-]+/.exec(text)?.[0] ?? text.trim();
}
