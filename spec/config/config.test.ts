import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { authPolicyOf, isLoopback, loadConfig, parseConfig } from "../../lib/config/config.ts";
import type { Config } from "../../lib/config/config.ts";
import { reloaded, restartKeys } from "../../lib/config/changes.ts";
import { environmentNameOf, flagOf, serveOptions } from "../../lib/config/option.ts";
import { ConfigError } from "../../lib/errors.ts";
import type { ConfigIssue } from "../../lib/errors.ts";
import { defaultLimits } from "../../lib/limits.ts";

function load(args: readonly string[], environment: Record<string, string> = {}, file = ""): Config {
  return loadConfig({
    args,
    environment,
    folder: "/home/caller",
    readText: (path) => {
      if (path !== "/etc/way/config.yaml" && path !== "/home/caller/own.yaml") throw new Error(`no such file ${path}`);
      return file;
    },
  });
}

function fromFile(file: string, args: readonly string[] = []): Config {
  return load(["--config", "/etc/way/config.yaml", ...args], {}, file);
}

function issuesOf(run: () => unknown): readonly ConfigIssue[] {
  try {
    run();
  } catch (error) {
    ok(error instanceof ConfigError, String(error));
    ok(!error.message.includes("\n"), "one line");
    return error.issues;
  }
  return [];
}

function paths(run: () => unknown): string[] {
  return issuesOf(run).map((issue) => issue.path);
}

test("without anything it is a broker on loopback with its data in the caller's folder", () => {
  const config = load([]);
  equal(config.host, "127.0.0.1");
  deepEqual([config.port, config.webPort, config.mqttPort], [4222, 8222, 1883]);
  equal(config.data, "/home/caller/waystation-data");
  equal(config.durability, "always");
  equal(config.memory, false);
  deepEqual(config.users, []);
  deepEqual(config.limits, defaultLimits);
  deepEqual(parseConfig({}, "/home/caller"), config);
});

test("a flag goes before the environment, that before the file, that before the default", () => {
  const file = "port: 1\nwebPort: 2\nmqttPort: 3\ndurability: none\n";
  const config = load(["--config=own.yaml", "--port", "11"], { WAYSTATION_PORT: "12", WAYSTATION_WEB_PORT: "22" }, file);
  deepEqual([config.port, config.webPort, config.mqttPort, config.durability, config.host], [11, 22, 3, "none", "127.0.0.1"]);
  equal(config.configFile, "/home/caller/own.yaml");
});

test("every option is taken from a flag in both forms, from its variable and from its key", () => {
  const values: Record<string, string> = { host: "127.0.0.2", port: "0", durability: "interval", logLevel: "debug", boolean: "true" };
  const needs: Record<string, Record<string, string>> = {
    user: { pass: "p" },
    pass: { user: "u" },
    noAuthUser: { user: "text", pass: "p" },
    tlsCert: { tlsKey: "k" },
    tlsKey: { tlsCert: "c" },
    tlsCa: { tlsCert: "c", tlsKey: "k" },
    tlsVerify: { tlsCert: "c", tlsKey: "k", tlsCa: "a" },
    tlsMap: { tlsCert: "c", tlsKey: "k", tlsCa: "a" },
    tlsHandshakeFirst: { tlsCert: "c", tlsKey: "k" },
    tlsOptional: { tlsCert: "c", tlsKey: "k" },
  };
  for (const option of serveOptions) {
    if (option.key === "config") continue;
    const value = values[option.key] ?? values[option.kind] ?? (option.kind === "folder" || option.kind === "file" ? "/x" : "text");
    const more = Object.entries(needs[option.key] ?? {});
    const extra = more.flatMap(([key, text]) => [flagOf(key), text]);
    const apart = load([flagOf(option.key), ...(option.kind === "boolean" ? [] : [value]), ...extra]);
    deepEqual(load([`${flagOf(option.key)}=${value}`, ...extra]), apart, option.key);
    deepEqual(load(extra, { [environmentNameOf(option.key)]: value }), apart, option.key);
    const written = Object.fromEntries(
      more.map(([key, text]) => [key, text === "a" || text === "c" || text === "k" ? `/home/caller/${text}` : text]),
    );
    deepEqual(parseConfig({ [option.key]: value, ...written }, "/elsewhere", { data: apart.data }), apart, option.key);
    ok(JSON.stringify(apart) !== JSON.stringify(load([])), option.key);
  }
});

test("a port is a number or off, wherever it is written", () => {
  deepEqual(
    [load(["--port", "off"]).port, load(["--port=0"]).port, fromFile("port: off").port, fromFile("port: false").port],
    ["off", 0, "off", "off"],
  );
  for (const bad of ["65536", "-1", "4222x", "", "1.5", "0x10", "on"])
    deepEqual(
      paths(() => load([`--port=${bad}`])),
      ["--port"],
    );
  deepEqual(
    paths(() => load(["--port", "4222", "--web-port", "4222"])),
    ["--port"],
  );
});

test("relative paths mean the caller's folder, in a file the file's own", () => {
  equal(load(["--data", "d"]).data, "/home/caller/d");
  equal(load([], { WAYSTATION_DATA: "../d" }).data, "/home/d");
  equal(fromFile("data: d").data, "/etc/way/d");
  equal(fromFile("tls: { cert: c.pem, key: /k.pem }").tls?.certFile, "/etc/way/c.pem");
  equal(fromFile("").data, "/home/caller/waystation-data");
});

test("everything that is wrong is said at once, each with its place", () => {
  const found = issuesOf(() =>
    fromFile(
      "prot: 1\nwebPort: x\nusers:\n  - { user: a }\n  - { user: b, password: p, permissions: { publish: a..b, pub: 1 } }\nlimits: { payloadBytesMax: 1GiB, pingsOutstanding: 3 }\ntls: 5\n",
      ["--durability", "allways", "--mqtt-prot=1"],
    ),
  );
  const text = found.map((issue) => `${issue.path} ${issue.nearest ?? ""}`.trim());
  for (const wanted of [
    "prot port",
    "webPort",
    "users[0]",
    "users[1].permissions.publish",
    "limits.payloadBytesMax",
    "limits.pingsOutstanding pingsOutstandingMax",
    "tls",
    "--durability always",
    "--mqtt-prot --mqtt-port",
  ]) {
    ok(text.includes(wanted), `${wanted} in ${text.join(" | ")}`);
  }
});

test("words without an option, options without a value and unknown files are refused", () => {
  deepEqual(
    paths(() => load(["start"])),
    ["start"],
  );
  deepEqual(
    paths(() => load(["--port"])),
    ["--port"],
  );
  deepEqual(
    paths(() => load(["--data", "--memory"])),
    ["--data"],
  );
  deepEqual(
    paths(() => load(["--config", "missing.yaml"])),
    ["--config"],
  );
  deepEqual(
    paths(() => load(["--memory=perhaps"])),
    ["--memory"],
  );
  equal(load(["--memory", "--no-memory"]).memory, false);
});

test("YAML that is broken is reported by line and column", () => {
  const found = issuesOf(() => fromFile("host: 127.0.0.1\nport: [1\n"));
  ok(found[0]?.path.startsWith("/etc/way/config.yaml:"), found[0]?.path);
  deepEqual(
    paths(() => fromFile("- a\n")),
    ["/etc/way/config.yaml"],
  );
  ok(issuesOf(() => fromFile("port: 1\nport: 2\n")).length > 0, "a key twice");
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefgh"
    .split("")
    .map((name, at) => `${name}: &${name} [${Array(9).fill(`*${"abcdefgh"[at]}`).join(",")}]`)
    .join("\n")}`;
  ok(issuesOf(() => fromFile(bomb)).length > 0, "aliases that multiply");
});

test("a host beyond loopback needs users or a word that it may do without", () => {
  const found = issuesOf(() => load(["--host", "0.0.0.0"]));
  equal(found.length, 1);
  ok(found[0]?.wanted.includes("--allow-anonymous"));
  equal(load(["--host", "0.0.0.0", "--allow-anonymous"]).allowAnonymous, true);
  equal(load(["--host", "0.0.0.0", "--user", "u", "--pass", "p"]).users.length, 1);
  equal(load(["--host", "0.0.0.0", "--token", "t"]).users.length, 1);
  equal(load(["--host", "0.0.0.0", "--port", "off", "--web-port", "off", "--mqtt-port", "off"]).port, "off");
  ok(
    isLoopback("127.1.2.3") &&
      isLoopback("::1") &&
      isLoopback("localhost") &&
      !isLoopback("0.0.0.0") &&
      !isLoopback("::") &&
      !isLoopback("127.0.0.1.example"),
  );
});

test("variables that an orchestrator makes for a service of our name do no harm", () => {
  equal(load([], { WAYSTATION_PORT: "tcp://10.0.0.7:4222", WAYSTATION_SERVICE_HOST: "10.0.0.7" }).port, 4222);
  equal(load([], { WAYSTATION_HOST: "" }).host, "127.0.0.1");
});

test("users and tenants are read in their forms", () => {
  const config = fromFile(`
users:
  - { user: alice, password: a, permissions: { publish: orders.>, subscribe: { allow: [">", "jobs w.*"], deny: [secret.>] }, allowResponses: { max: 5, expires: 1m } } }
  - { name: gate, token: 12345, tenant: acme }
tenants:
  acme:
    users: { bob: b, carol: { pass: c, expires: 2030-01-01 } }
    limits: { subscriptionsMax: 10 }
  empty:
`);
  deepEqual(
    config.users.map((user) => [user.name, user.tenant, user.secret.kind]),
    [
      ["alice", "$G", "password"],
      ["gate", "acme", "token"],
      ["bob", "acme", "password"],
      ["carol", "acme", "password"],
    ],
  );
  deepEqual(config.users[0]?.permissions, {
    publish: { allow: ["orders.>"], deny: [] },
    subscribe: { allow: [">", "jobs w.*"], deny: ["secret.>"] },
    allowResponses: { max: 5, expiresMs: 60_000 },
  });
  equal(config.users[3]?.expiresMs, Date.UTC(2030, 0, 1));
  deepEqual(config.tenants, [
    { name: "acme", limits: { subscriptionsMax: 10 } },
    { name: "empty", limits: {} },
  ]);
  equal(authPolicyOf(config).users.length, 4);
});

test("users that contradict each other or prove nothing are refused", () => {
  const wrong: [string, string][] = [
    ["users: [{ user: a, password: x }, { user: a, password: y }]", "users"],
    ["users: [{ user: a, password: x, token: y }]", "users[0]"],
    ["users: [{ user: a, nkey: UABC }]", "users[0].nkey"],
    ["users: [{ user: a, certificate: true }]", "users"],
    ["users: [{ password: x }]", "users[0].user"],
    ["users: [{ user: a, token: same }, { user: b, token: same }]", "users"],
    ["users: [{ user: a, password: 'scrypt$1$1$1$x$y' }]", "users[0].password"],
    ["users: [{ user: a, password: x, tenant: 'a/b' }]", "users[0].tenant"],
    ["users: [{ user: a, password: x, permissions: { allowResponses: { max: 0 } } }]", "users[0].permissions.allowResponses.max"],
    ["tenants: { 'a.b': {} }", "tenants.a.b"],
    ["noAuthUser: nobody", "--no-auth-user"],
    ["users: 5", "users"],
    ["user: a", "--pass"],
    ["tls: { cert: c }", "--tls-key"],
    ["tls: { cert: c, key: k, verify: true }", "--tls-ca"],
    ["tls: { verify: true }", "--tls-verify"],
    ["tlsCert: c\ntls: { cert: c, key: k }", "tls.cert"],
    ["limits: { payloadBytesMax: 8MiB }", "limits.pendingOutBytesMax"],
  ];
  for (const [file, path] of wrong) ok(paths(() => fromFile(file)).includes(path), `${file}: ${paths(() => fromFile(file)).join()}`);
});

test("no message holds a secret", () => {
  const secret = "hunter2-very-secret";
  for (const run of [
    () => fromFile(`users: [{ user: a, password: "$2b$99$${secret}" }]`),
    () => fromFile(`users: [{ user: a, token: [${secret}] }]`),
    () => load(["--token", `scrypt$${secret}`]),
    () => load(["--user", "a", "--pass", `scrypt$${secret}`]),
    () => load(["--pass", `${secret}\n`]),
    () => fromFile(`pass: [${secret}]`),
    () => fromFile(`users: [{ user: a, token: ${secret} }, { user: b, token: ${secret} }]`),
  ]) {
    const found = issuesOf(run);
    ok(found.length > 0);
    ok(!JSON.stringify(found).includes(secret), JSON.stringify(found));
  }
});

test("whatever is given, the answer is a configuration or issues", () => {
  fc.assert(
    fc.property(
      fc.jsonValue({ maxDepth: 4 }),
      fc.constantFrom("users", "tenants", "tls", "limits", "port", "data", "pass"),
      (value, key) => {
        issuesOf(() => parseConfig({ [key]: value }, "/f"));
        issuesOf(() => parseConfig(value, "/f"));
      },
    ),
    { seed: 7, numRuns: 2000 },
  );
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string(), fc.constantFrom("--port", "--no-memory", "--", "--data", "--x=1", "--=")), { maxLength: 5 }),
      (args) => {
        issuesOf(() => load(args));
      },
    ),
    { seed: 8, numRuns: 2000 },
  );
});

test("a reload names what needs a restart, and keeps it as it was", () => {
  const before = fromFile("users: [{ user: a, password: p }]");
  deepEqual(restartKeys(before, fromFile("users: [{ user: b, password: p }]\nport: 1\nlogLevel: debug\ntls: { cert: c, key: k }")), []);
  const after = fromFile("users: [{ user: a, password: q }]\nport: 1\ndata: other\nmemory: true\ndurability: none");
  deepEqual(restartKeys(before, after), ["data", "memory", "durability"]);
  const running = reloaded(before, after);
  deepEqual([running.data, running.memory, running.durability, running.port], [before.data, false, "always", 1]);
});
