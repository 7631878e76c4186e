/** `waystation tenant list`, `add` and `delete`: tenants of the running broker, or of a configuration file when one is named. */
import { defaultTenant } from "../../lib/auth/identity.ts";
import type { ListedTenant } from "../../lib/auth/user-directory.ts";
import { BrokerError } from "../../lib/errors.ts";
import { adminSubjects } from "../admin/user-requests.ts";
import { askBroker, meansBroker } from "./admin-request.ts";
import { ConfigFile } from "./config-file.ts";
import type { Invocation } from "./invocation.ts";
import { print, table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export async function run(invocation: Invocation, terminal: Terminal): Promise<number> {
  if (meansBroker(invocation, terminal)) return atBroker(invocation, terminal);
  const adding = invocation.command.name === "tenant add";
  const file = ConfigFile.open(invocation, terminal, adding);
  const { users, tenants } = file.read();
  if (invocation.command.name === "tenant list") {
    const names = [defaultTenant, ...tenants.map((tenant) => tenant.name)];
    const views = [...new Set(names)].map((name) => ({ name, users: users.filter((user) => user.tenant === name).length }));
    await show(invocation, terminal, views);
    return 0;
  }
  const name = invocation.operand(0);
  const known = tenants.some((tenant) => tenant.name === name);
  if (adding) {
    if (known || name === defaultTenant) throw new BrokerError("exists", `there is a tenant ${name} already: choose another name`);
    file.set(["tenants", name], {});
  } else {
    if (!known) throw new BrokerError("not_found", `${file.path} has no tenant ${name}: see 'waystation tenant list'`);
    const own = users.filter((user) => user.tenant === name);
    if (own.length > 0)
      throw new BrokerError("conflict", `${name} still has ${own.length} users, such as ${own[0]?.name ?? ""}: delete them first`);
    file.document.deleteIn(["tenants", name]);
  }
  await file.save();
  const done = adding ? "added to" : "deleted from";
  await print(invocation, terminal, adding ? { tenant: name } : { tenant: name, deleted: true }, () => {
    return `${name} ${done} ${file.path}; a running broker takes it over with 'waystation reload'\n`;
  });
  return 0;
}

interface TenantView {
  readonly name: string;
  readonly users: number;
}

function show(invocation: Invocation, terminal: Terminal, views: readonly TenantView[]): Promise<void> {
  return print(invocation, terminal, views, () =>
    table(
      ["tenant", "users"],
      views.map((view) => [view.name, view.users]),
    ),
  );
}

function atBroker(invocation: Invocation, terminal: Terminal): Promise<number> {
  if (invocation.command.name === "tenant list") {
    return askBroker(invocation, terminal, adminSubjects.tenantList, {}, (answer) => {
      const { tenants } = answer as { tenants: ListedTenant[] };
      const views = tenants.map(({ tenant, users }) => ({ name: tenant, users }));
      return show(invocation, terminal, views);
    });
  }
  const tenant = invocation.operand(0);
  if (invocation.command.name === "tenant add") {
    return askBroker(invocation, terminal, adminSubjects.tenantAdd, { tenant }, () =>
      print(invocation, terminal, { tenant }, () => `${tenant} added\n`),
    );
  }
  return askBroker(invocation, terminal, adminSubjects.tenantDelete, { tenant }, () =>
    print(invocation, terminal, { tenant, deleted: true }, () => `${tenant} deleted\n`),
  );
}
