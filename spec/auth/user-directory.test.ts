import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { test } from "node:test";
import { Authenticator, openPolicy } from "../../lib/auth/authenticator.ts";
import { noCredentials } from "../../lib/auth/credentials.ts";
import { UserDirectory } from "../../lib/auth/user-directory.ts";
import type { DirectoryBase } from "../../lib/auth/user-directory.ts";
import { MemoryUserStore } from "../../lib/auth/user-store.ts";
import { authPolicyOf, parseConfig } from "../../lib/config/config.ts";
import { defaultLimits } from "../../lib/limits.ts";
import { SimClock } from "../support/sim-clock.ts";
import { SimRandom } from "../support/sim-random.ts";

function base(document: unknown): DirectoryBase {
  const config = parseConfig(document, "/f");
  return { policy: authPolicyOf(config), limits: config.limits };
}

async function open(
  document: unknown = {},
  store: MemoryUserStore = new MemoryUserStore(),
): Promise<{
  directory: UserDirectory;
  authenticator: Authenticator;
  store: MemoryUserStore;
  login: (user: string, password: string) => Promise<boolean>;
}> {
  const authenticator = new Authenticator({ clock: new SimClock(), random: new SimRandom(4), limits: defaultLimits });
  const directory = new UserDirectory(authenticator, store, base(document));
  await directory.open();
  const login = async (user: string, password: string): Promise<boolean> =>
    (await authenticator.authenticate({ ...noCredentials, user, password }))?.user === user;
  return { directory, authenticator, store, login };
}

test("a user made by command may connect at once, and after a restart, and its password is nowhere in clear", async () => {
  const first = await open({ user: "admin", pass: "a" });
  await first.directory.putUser({ user: "bob", password: "hunter2", permissions: { publish: "a.>" } }, false);
  ok(await first.login("bob", "hunter2"));
  ok(!(await first.login("bob", "hunter3")));
  const kept = (await first.store.load()) ?? "";
  ok(kept.includes("scrypt$") && !kept.includes("hunter2"));
  const second = await open({ user: "admin", pass: "a" }, first.store);
  ok(await second.login("bob", "hunter2"));
  deepEqual(
    second.directory.listUsers().map((user) => [user.user, user.source, user.proof]),
    [
      ["admin", "configuration", "password"],
      ["bob", "command", "password"],
    ],
  );
  ok(!JSON.stringify(second.directory.listUsers()).includes("scrypt"));
});

test("a token made by command is kept as a digest and found by the token", async () => {
  const { directory, authenticator, store } = await open();
  await directory.putUser({ user: "gate", token: "q9w8e7" }, false);
  ok(!((await store.load()) ?? "").includes("q9w8e7"));
  equal((await authenticator.authenticate({ ...noCredentials, token: "q9w8e7" }))?.user, "gate");
  equal(await authenticator.authenticate({ ...noCredentials, token: "q9w8e8" }), undefined);
  const stored = /sha256\$[-\w]+/.exec((await store.load()) ?? "")?.[0] ?? "";
  equal(await authenticator.authenticate({ ...noCredentials, token: stored }), undefined, "the digest is no token");
});

test("a removed user's connections end, and the first one ends anonymous ones", async () => {
  const { directory, authenticator, login } = await open();
  const revoked: string[][] = [];
  authenticator.revokedListeners.add((names) => revoked.push([...names]));
  await directory.putUser({ user: "a", token: "t" }, false);
  await directory.putUser({ user: "b", token: "u" }, false);
  await directory.removeUser("b");
  deepEqual(revoked, [[""], ["b"]]);
  ok(!(await login("b", "u")));
});

test("who is in the configuration is changed there only, and counts where both name somebody", async () => {
  const { directory, login } = await open({ user: "admin", pass: "a" });
  await rejects(directory.putUser({ user: "admin", password: "b" }, true), { code: "conflict" });
  await rejects(directory.removeUser("admin"), { code: "conflict" });
  await directory.putUser({ user: "bob", token: "made" }, false);
  directory.replaceBase(base({ user: "bob", pass: "configured" }));
  ok(await login("bob", "configured"));
  deepEqual(
    directory.listUsers().map((user) => user.source),
    ["configuration"],
  );
});

test("what makes no user is refused and changes nothing", async () => {
  const { directory, store } = await open({ users: [{ user: "x", token: "same" }] });
  await directory.putUser({ user: "a", token: "t" }, false);
  const kept = await store.load();
  await rejects(directory.putUser({ user: "a", token: "t2" }, false), { code: "exists" });
  await rejects(directory.putUser({ user: "b" }, false), { code: "config" });
  await rejects(directory.putUser({ user: "b", token: "t", tenant: "nowhere" }, false), { code: "not_found" });
  await rejects(directory.putUser({ user: "b", token: "t" }, false), { code: "config" }, "the token of another");
  await rejects(directory.putUser({ user: "b", certificate: true }, false), { code: "config" });
  await rejects(directory.putUser("b", false), { code: "config" });
  await rejects(directory.removeUser("b"), { code: "not_found" });
  equal(await store.load(), kept);
  await directory.putUser({ user: "a", token: "t2" }, true);
  equal(directory.listUsers().length, 2);
});

test("tenants made by command have limits of their own and go only when empty", async () => {
  const { directory, authenticator } = await open({ tenants: { fixed: { limits: { subscriptionsMax: 5 } } } });
  await directory.putTenant("acme", { connectionsMax: 1 }, false);
  await directory.putUser({ user: "a", token: "t", tenant: "acme" }, false);
  const identity = await authenticator.authenticate({ ...noCredentials, token: "t" });
  deepEqual(identity?.limits, { connectionsMax: 1, subscriptionsMax: defaultLimits.subscriptionsMax });
  await rejects(directory.removeTenant("acme"), { code: "invalid" });
  await rejects(directory.removeTenant("fixed"), { code: "conflict" });
  await rejects(directory.putTenant("acme", {}, false), { code: "exists" });
  await rejects(directory.putTenant("a.b", {}, false), { code: "config" });
  await rejects(directory.putTenant("b", { payloadBytesMax: 5 }, false), { code: "config" }, "a limit of the broker alone");
  deepEqual(
    directory.listTenants().map((tenant) => [tenant.tenant, tenant.users, tenant.source]),
    [
      ["$G", 0, "default"],
      ["acme", 1, "command"],
      ["fixed", 0, "configuration"],
    ],
  );
  await directory.removeUser("a");
  await directory.removeTenant("acme");
  equal(directory.listTenants().length, 2);
});

test("changes at the same time are made one after the other", async () => {
  const { directory } = await open();
  await Promise.all(Array.from({ length: 8 }, (_, index) => directory.putUser({ user: `u${index}`, token: `t${index}` }, false)));
  equal(directory.listUsers().length, 8);
});

test("a change that could not be kept does not happen", async () => {
  class FullStore extends MemoryUserStore {
    override save(_document: string): Promise<void> {
      return Promise.reject(new Error("disk full"));
    }
  }
  const { directory, authenticator } = await open({}, new FullStore());
  await rejects(directory.putUser({ user: "a", token: "t" }, false), /disk full/);
  deepEqual(directory.listUsers(), []);
  ok(authenticator.anonymous !== undefined);
  await rejects(directory.putUser({ user: "a", token: "t" }, false), /disk full/, "and the next change is tried");
});

test("a document that cannot be read stops the start instead of opening the door to everybody", async () => {
  for (const text of ["{", "[]", '{"version":2,"users":[],"tenants":{}}', '{"version":1,"users":[{"user":"a"}],"tenants":{}}']) {
    const authenticator = new Authenticator({ clock: new SimClock(), random: new SimRandom(4), limits: defaultLimits });
    const directory = new UserDirectory(authenticator, new MemoryUserStore(text), {
      policy: openPolicy,

      limits: defaultLimits,
    });
    await rejects(directory.open(), { code: "damaged" });
  }
});
