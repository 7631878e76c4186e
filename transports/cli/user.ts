/**
 * `waystation user list`, `add` and `delete`: users of the running broker, or of a configuration file when one is named. Passwords leave
 * this command as hashes only.
 */
import { isMap, isSeq } from "yaml";
import { defaultTenant } from "../../lib/auth/identity.ts";
import type { ListedUser } from "../../lib/auth/user-directory.ts";
import { Hasher } from "../../lib/auth/hasher.ts";
import { deriveScram, formatScram, scramSaltBytes } from "../../lib/auth/scram.ts";
import { SystemRandom } from "../../lib/random.ts";
import { BrokerError } from "../../lib/errors.ts";
import { adminSubjects } from "../admin/user-requests.ts";
import { askBroker, meansBroker } from "./admin-request.ts";
import { ConfigFile } from "./config-file.ts";
import { usage } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { linesOf } from "./payload.ts";
import { print, table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

const nextStep = "a running broker takes it over with 'waystation reload'";

export async function run(invocation: Invocation, terminal: Terminal): Promise<number> {
  switch (invocation.command.name) {
    case "user list":
      return list(invocation, terminal);
    case "user add":
      return add(invocation, terminal);
    default:
      return remove(invocation, terminal);
  }
}

interface UserView {
  readonly name: string;
  readonly tenant: string;
  readonly proves: string;
  readonly restricted: boolean;
  readonly expires: string;
}

async function list(invocation: Invocation, terminal: Terminal): Promise<number> {
  if (meansBroker(invocation, terminal)) {
    return askBroker(invocation, terminal, adminSubjects.userList, {}, async (answer) => {
      const { users } = answer as { users: ListedUser[] };
      const views = users.map(({ user, tenant, proof, permissions, expires }) => ({
        name: user,
        tenant,
        proves: proof,
        restricted: permissions !== undefined,
        expires: expires ?? "",
      }));
      await show(invocation, terminal, views);
    });
  }
  const { users } = ConfigFile.open(invocation, terminal, false).read();
  const views = users.map((user) => ({
    name: user.name,
    tenant: user.tenant,
    proves: user.secret.kind,
    restricted: user.permissions !== undefined,
    expires: user.expiresMs === undefined ? "" : new Date(user.expiresMs).toISOString(),
  }));
  await show(invocation, terminal, views);
  return 0;
}

function show(invocation: Invocation, terminal: Terminal, views: readonly UserView[]): Promise<void> {
  return print(invocation, terminal, views, () =>
    table(
      ["user", "tenant", "proves itself by", "permissions", "expires"],
      views.map((view) => [view.name, view.tenant, view.proves, view.restricted ? "restricted" : "everything", view.expires]),
    ),
  );
}

async function add(invocation: Invocation, terminal: Terminal): Promise<number> {
  const name = invocation.operand(0);
  const tenant = invocation.value("tenant") ?? defaultTenant;
  if (meansBroker(invocation, terminal)) {
    const kept = await keptFormOf(await passwordOf(invocation, terminal));
    return askBroker(invocation, terminal, adminSubjects.userAdd, { user: name, ...kept, tenant }, async () => {
      await print(invocation, terminal, { user: name, tenant }, () => `${name} added\n`);
    });
  }
  const file = ConfigFile.open(invocation, terminal, true);
  const { users, tenants } = file.read();
  if (users.some((user) => user.name === name))
    throw new BrokerError("exists", `there is a user ${name} already: 'waystation user delete ${name}' first`);
  if (tenant !== defaultTenant && !tenants.some((one) => one.name === tenant)) {
    throw new BrokerError("not_found", `there is no tenant ${tenant}: 'waystation tenant add ${tenant}' first`);
  }
  const password = await passwordOf(invocation, terminal);
  const kept = await keptFormOf(password);
  const place = tenant === defaultTenant ? ["users"] : ["tenants", tenant, "users"];
  const present = file.document.getIn(place);
  if (isMap(present) && present.items.length > 0) file.set([...place, name], kept);
  else if (isSeq(present)) file.set([...place, present.items.length], { user: name, ...kept });
  else file.set(place, [{ user: name, ...kept }]);
  await file.save();
  await print(invocation, terminal, { user: name, tenant, file: file.path }, () => `${name} added to ${file.path}; ${nextStep}\n`);
  return 0;
}

/** The password as a hash, and what logins by SCRAM need of it. */
async function keptFormOf(password: string): Promise<{ readonly password: string; readonly scram: string }> {
  const random = new SystemRandom();
  const salt = Buffer.alloc(scramSaltBytes);
  random.fill(salt);
  return { password: await new Hasher(random, 1).hash(password), scram: formatScram(await deriveScram(password, salt)) };
}

async function passwordOf(invocation: Invocation, terminal: Terminal): Promise<string> {
  const given = invocation.value("password");
  if (given !== undefined && given !== "") return given;
  if (terminal.keyboard) terminal.trace("password: ");
  for await (const line of linesOf(terminal)) if (line.length > 0) return line.toString();
  throw usage("user add needs a password: --password, or the first line of stdin");
}

async function remove(invocation: Invocation, terminal: Terminal): Promise<number> {
  const name = invocation.operand(0);
  if (meansBroker(invocation, terminal)) {
    return askBroker(invocation, terminal, adminSubjects.userDelete, { user: name }, async () => {
      await print(invocation, terminal, { user: name, deleted: true }, () => `${name} deleted; its connections have ended\n`);
    });
  }
  const file = ConfigFile.open(invocation, terminal, false);
  const { tenants } = file.read();
  const places = [["users"], ...tenants.map((tenant) => ["tenants", tenant.name, "users"])];
  const removed = places.some((place) => removeFrom(file, place, name));
  if (!removed) throw new BrokerError("not_found", `${file.path} has no user ${name}: see 'waystation user list'`);
  await file.save();
  await print(invocation, terminal, { user: name, deleted: true }, () => `${name} deleted from ${file.path}; ${nextStep}\n`);
  return 0;
}

function removeFrom(file: ConfigFile, place: readonly string[], name: string): boolean {
  const { document } = file;
  const present = document.getIn(place);
  if (isMap(present)) return document.deleteIn([...place, name]);
  if (!isSeq(present)) return false;
  const index = present.items.findIndex(
    (item) => isMap(item) && ["user", "name", "username", "nkey"].some((key) => item.get(key) === name),
  );
  return index >= 0 && document.deleteIn([...place, index]);
}
