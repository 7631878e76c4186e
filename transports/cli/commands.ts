/**
 * The table of commands: names, operands, options, and where each lives. Help, completion and parsing are all made from it. Nothing here
 * is loaded before it is called: start-up time is part of the contract.
 */
import { nearestName } from "../../lib/config/nearest.ts";
import { usage } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import type { Terminal } from "./terminal.ts";

export interface CommandOption {
  /** Without the dashes. */
  readonly name: string;
  /** What the value is called in help; undefined: a switch. */
  readonly value: string | undefined;
  readonly summary: string;
  /** May be given several times. */
  readonly many?: boolean;
  /** The only values it takes. */
  readonly choices?: readonly string[];
}

export interface CommandModule {
  run(invocation: Invocation, terminal: Terminal): Promise<number>;
}

export interface Command {
  /** One or two words. */
  readonly name: string;
  /** As in help: `FILTER`, `[TEXT]`. The parser counts the words and which of them may be left out. */
  readonly operands: readonly string[];
  readonly summary: string;
  readonly options: readonly CommandOption[];
  /** `serve` has the broker's options, which are the configuration's. */
  readonly brokerOptions?: boolean;
  readonly load: () => Promise<CommandModule>;
}

const json: CommandOption = { name: "json", value: undefined, summary: "JSON, for programs" };
const yes: CommandOption = { name: "yes", value: undefined, summary: "do not ask" };
const header: CommandOption = { name: "header", value: "NAME:VALUE", summary: "a header; may be repeated", many: true };

const schemaVersion: CommandOption = { name: "version", value: "NUMBER", summary: "of the schema (the active one)" };
const protobufMessage: CommandOption = { name: "message", value: "NAME", summary: "of protobuf: what payloads are (the outermost)" };

/** How every command that talks to a broker finds it. */
export const connection: readonly CommandOption[] = [
  { name: "server", value: "URL", summary: "the broker (WAYSTATION_SERVER; nats://127.0.0.1:4222)" },
  { name: "user", value: "NAME", summary: "who connects (WAYSTATION_USER)" },
  { name: "pass", value: "PASSWORD", summary: "the user's password (WAYSTATION_PASS)" },
  { name: "token", value: "TOKEN", summary: "a token instead (WAYSTATION_TOKEN)" },
  { name: "tls-ca", value: "FILE", summary: "trust the certificates signed by this one" },
  { name: "timeout", value: "TIME", summary: "how long to wait for an answer (5s)" },
];

const policy: readonly CommandOption[] = [
  { name: "subjects", value: "FILTERS", summary: "what it captures, separated by commas; may be repeated", many: true },
  { name: "description", value: "TEXT", summary: "for people" },
  { name: "max-messages", value: "COUNT", summary: "keep at most so many records (unlimited)" },
  { name: "max-bytes", value: "SIZE", summary: "keep at most so many bytes, 512MiB (unlimited)" },
  { name: "max-age", value: "TIME", summary: "keep records so long, 7d (for ever)" },
  { name: "max-per-subject", value: "COUNT", summary: "keep at most so many records of a subject (unlimited)" },
  { name: "max-message-size", value: "SIZE", summary: "refuse larger messages (the broker's limit)" },
  { name: "discard", value: "WHICH", summary: "at a limit drop the old, or refuse the new", choices: ["old", "new"] },
  {
    name: "durability",
    value: "WHEN",
    summary: "when a publish is acknowledged (as the broker does)",
    choices: ["always", "interval", "none"],
  },
  { name: "duplicate-window", value: "TIME", summary: "how long message ids are remembered (2m)" },
];

const birth: readonly CommandOption[] = [
  { name: "retention", value: "RULE", summary: "why records leave", choices: ["limits", "interest", "workqueue"] },
  { name: "storage", value: "WHERE", summary: "on disk, or in memory", choices: ["file", "memory"] },
];

const routing: readonly CommandOption[] = [
  { name: "from", value: "FILTER", summary: "the subjects it looks at" },
  { name: "where", value: "CONDITION", summary: "what must hold, msg.total > 100 && headers.Kind == 'web' (everything)" },
  { name: "to", value: "TEMPLATE", summary: "the subject it sends to: big.$1, by-site.{{msg.site}}, by-kind.{{header(Kind)}}" },
  { name: "description", value: "TEXT", summary: "for people" },
];

const configuration: CommandOption = {
  name: "config",
  value: "FILE",
  summary: "a configuration file instead of the broker (WAYSTATION_CONFIG)",
};

export const commands: readonly Command[] = [
  {
    name: "serve",
    operands: [],
    summary: "run a broker",
    options: [],
    brokerOptions: true,
    load: () => import("./serve.ts"),
  },
  {
    name: "nats-server",
    operands: [],
    summary: "run a broker by the flags and the configuration file of nats-server",
    options: [],
    brokerOptions: true,
    load: () => import("./nats-server.ts"),
  },
  {
    name: "pub",
    operands: ["SUBJECT", "[TEXT]"],
    summary: "publish a message; without TEXT what stdin holds",
    options: [
      { name: "ack", value: undefined, summary: "wait until a station has stored it" },
      header,
      { name: "id", value: "ID", summary: "a message id: stored once, however often it is sent" },
      { name: "reply", value: "SUBJECT", summary: "where answers should go" },
      { name: "lines", value: undefined, summary: "every line of stdin is a message" },
      { name: "count", value: "COUNT", summary: "publish it so often (1)" },
      json,
      ...connection,
    ],
    load: () => import("./publish.ts"),
  },
  {
    name: "sub",
    operands: ["FILTER"],
    summary: "print messages as they are published",
    options: [
      { name: "queue", value: "GROUP", summary: "share them with the other members of this queue group" },
      { name: "station", value: "NAME", summary: "print what this station holds, then what it stores" },
      { name: "count", value: "COUNT", summary: "stop after so many" },
      { name: "raw", value: undefined, summary: "payloads only, a line each" },
      { name: "headers", value: undefined, summary: "headers too" },
      json,
      ...connection,
    ],
    load: () => import("./subscribe.ts"),
  },
  {
    name: "request",
    operands: ["SUBJECT", "[TEXT]"],
    summary: "publish a request and print the answer",
    options: [header, { name: "raw", value: undefined, summary: "the payload only" }, json, ...connection],
    load: () => import("./request.ts"),
  },
  {
    name: "station list",
    operands: [],
    summary: "the stations and what they hold",
    options: [json, ...connection],
    load: () => import("./station-show.ts"),
  },
  {
    name: "station info",
    operands: ["NAME"],
    summary: "one station: policy and state",
    options: [json, ...connection],
    load: () => import("./station-show.ts"),
  },
  {
    name: "station create",
    operands: ["NAME"],
    summary: "a new station; without --subjects it captures the subject of its name",
    options: [...policy, ...birth, json, ...connection],
    load: () => import("./station-change.ts"),
  },
  {
    name: "station edit",
    operands: ["NAME"],
    summary: "change a station's policy; what is not named stays",
    options: [...policy, json, ...connection],
    load: () => import("./station-change.ts"),
  },
  {
    name: "station purge",
    operands: ["NAME"],
    summary: "remove records and keep the station",
    options: [
      { name: "subject", value: "FILTER", summary: "only records of these subjects" },
      { name: "up-to", value: "SEQUENCE", summary: "only records before this sequence" },
      { name: "keep", value: "COUNT", summary: "keep the newest so many" },
      yes,
      json,
      ...connection,
    ],
    load: () => import("./station-change.ts"),
  },
  {
    name: "station delete",
    operands: ["NAME"],
    summary: "remove a station, its records and its groups",
    options: [yes, json, ...connection],
    load: () => import("./station-change.ts"),
  },
  {
    name: "group list",
    operands: ["STATION"],
    summary: "the consumer groups of a station and how far they are",
    options: [json, ...connection],
    load: () => import("./group.ts"),
  },
  {
    name: "group info",
    operands: ["STATION", "GROUP"],
    summary: "one consumer group",
    options: [json, ...connection],
    load: () => import("./group.ts"),
  },
  {
    name: "group delete",
    operands: ["STATION", "GROUP"],
    summary: "forget a consumer group and how far it was",
    options: [yes, json, ...connection],
    load: () => import("./group.ts"),
  },
  {
    name: "route list",
    operands: [],
    summary: "the routes and what they did",
    options: [json, ...connection],
    load: () => import("./route.ts"),
  },
  {
    name: "route info",
    operands: ["NAME"],
    summary: "one route, and how far it is",
    options: [json, ...connection],
    load: () => import("./route.ts"),
  },
  {
    name: "route add",
    operands: ["NAME"],
    summary: "copy messages that match to another subject",
    options: [...routing, { name: "disabled", value: undefined, summary: "do not put it in force yet" }, json, ...connection],
    load: () => import("./route.ts"),
  },
  {
    name: "route edit",
    operands: ["NAME"],
    summary: "change a route; what is not named stays",
    options: [...routing, json, ...connection],
    load: () => import("./route.ts"),
  },
  {
    name: "route test",
    operands: ["[NAME]"],
    summary: "which of the last messages would go where; sends nothing",
    options: [
      ...routing,
      { name: "station", value: "NAME", summary: "only what this one holds" },
      { name: "last", value: "COUNT", summary: "look at so many messages (100)" },
      { name: "all", value: undefined, summary: "show also those that do not match" },
      json,
      ...connection,
    ],
    load: () => import("./route.ts"),
  },
  {
    name: "route enable",
    operands: ["NAME"],
    summary: "put a route in force, from now on",
    options: [json, ...connection],
    load: () => import("./route.ts"),
  },
  {
    name: "route disable",
    operands: ["NAME"],
    summary: "switch a route off; what comes meanwhile is not routed",
    options: [json, ...connection],
    load: () => import("./route.ts"),
  },
  {
    name: "route delete",
    operands: ["NAME"],
    summary: "forget a route",
    options: [yes, json, ...connection],
    load: () => import("./route.ts"),
  },
  {
    name: "schema list",
    operands: [],
    summary: "the schemas and who uses them",
    options: [json, ...connection],
    load: () => import("./schema.ts"),
  },
  {
    name: "schema info",
    operands: ["NAME"],
    summary: "one schema, its versions and a version's text",
    options: [schemaVersion, json, ...connection],
    load: () => import("./schema.ts"),
  },
  {
    name: "schema create",
    operands: ["NAME", "KIND", "FILE"],
    summary: "make a schema: avro, json, protobuf or graphql; - is stdin",
    options: [
      protobufMessage,
      { name: "description", value: "TEXT", summary: "for people" },
      {
        name: "compatibility",
        value: "RULE",
        summary: "what every new version has to keep (none)",
        choices: ["none", "backward", "forward", "full"],
      },
      json,
      ...connection,
    ],
    load: () => import("./schema.ts"),
  },
  {
    name: "schema add",
    operands: ["NAME", "FILE"],
    summary: "add a version, which waits until it is activated",
    options: [protobufMessage, json, ...connection],
    load: () => import("./schema.ts"),
  },
  {
    name: "schema activate",
    operands: ["NAME", "VERSION"],
    summary: "make a version the one that stations use",
    options: [json, ...connection],
    load: () => import("./schema.ts"),
  },
  {
    name: "schema rollback",
    operands: ["NAME"],
    summary: "activate the version that was active before",
    options: [json, ...connection],
    load: () => import("./schema.ts"),
  },
  {
    name: "schema compare",
    operands: ["NAME", "FILE"],
    summary: "what a new text would break, either way",
    options: [schemaVersion, protobufMessage, json, ...connection],
    load: () => import("./schema.ts"),
  },
  {
    name: "schema test",
    operands: ["NAME", "[TEXT]"],
    summary: "whether a payload fits, and if not where; also from stdin",
    options: [schemaVersion, json, ...connection],
    load: () => import("./schema.ts"),
  },
  {
    name: "schema attach",
    operands: ["NAME", "STATION"],
    summary: "from now on the station takes only what fits",
    options: [schemaVersion, json, ...connection],
    load: () => import("./schema.ts"),
  },
  {
    name: "schema detach",
    operands: ["STATION"],
    summary: "the station takes anything again",
    options: [json, ...connection],
    load: () => import("./schema.ts"),
  },
  {
    name: "schema delete",
    operands: ["NAME"],
    summary: "forget a schema that no station uses, or one version",
    options: [schemaVersion, yes, json, ...connection],
    load: () => import("./schema.ts"),
  },
  {
    name: "user list",
    operands: [],
    summary: "the users of the broker, or of a configuration file",
    options: [configuration, json, ...connection],
    load: () => import("./user.ts"),
  },
  {
    name: "user add",
    operands: ["NAME"],
    summary: "add a user to the broker, or to a configuration file",
    options: [
      { name: "password", value: "PASSWORD", summary: "the password; without it, the first line of stdin" },
      { name: "tenant", value: "NAME", summary: "the tenant it belongs to" },
      configuration,
      json,
      ...connection,
    ],
    load: () => import("./user.ts"),
  },
  {
    name: "user delete",
    operands: ["NAME"],
    summary: "delete a user of the broker, or of a configuration file",
    options: [configuration, json, ...connection],
    load: () => import("./user.ts"),
  },
  {
    name: "tenant list",
    operands: [],
    summary: "the tenants of the broker, or of a configuration file",
    options: [configuration, json, ...connection],
    load: () => import("./tenant.ts"),
  },
  {
    name: "tenant add",
    operands: ["NAME"],
    summary: "add a tenant to the broker, or to a configuration file",
    options: [configuration, json, ...connection],
    load: () => import("./tenant.ts"),
  },
  {
    name: "tenant delete",
    operands: ["NAME"],
    summary: "delete a tenant without users, of the broker or of a configuration file",
    options: [configuration, json, ...connection],
    load: () => import("./tenant.ts"),
  },
  {
    name: "connection list",
    operands: [],
    summary: "who is connected, by which door",
    options: [json, ...connection],
    load: () => import("./connection.ts"),
  },
  {
    name: "connection end",
    operands: ["ID"],
    summary: "end a connection",
    options: [json, ...connection],
    load: () => import("./connection.ts"),
  },
  {
    name: "settings",
    operands: [],
    summary: "the doors and limits in force",
    options: [json, ...connection],
    load: () => import("./settings.ts"),
  },
  {
    name: "reload",
    operands: [],
    summary: "make a running broker read its configuration again",
    options: [
      { name: "addresses-file", value: "FILE", summary: "ask by signal the process this file names, without connecting" },
      json,
      ...connection,
    ],
    load: () => import("./reload.ts"),
  },
  {
    name: "bench",
    operands: [],
    summary: "measure a running broker from here",
    options: [
      { name: "messages", value: "COUNT", summary: "messages of each measurement (100000)" },
      { name: "size", value: "SIZE", summary: "bytes of a payload (100)" },
      { name: "window", value: "COUNT", summary: "unacknowledged messages at most (1000)" },
      { name: "storage", value: "WHERE", summary: "of the station it makes and removes", choices: ["file", "memory"] },
      json,
      ...connection,
    ],
    load: () => import("./bench.ts"),
  },
  {
    name: "fsck",
    operands: ["FOLDER"],
    summary: "examine a data folder that no broker has open; exit code 1 when it is damaged",
    options: [json],
    load: () => import("./fsck.ts"),
  },
  {
    name: "check",
    operands: ["FILE"],
    summary: "examine a configuration file and name everything that is wrong with it",
    options: [json],
    load: () => import("./check.ts"),
  },
  {
    name: "completion",
    operands: ["SHELL"],
    summary: "a completion script for bash, zsh or fish",
    options: [],
    load: () => import("./completion.ts"),
  },
  { name: "version", operands: [], summary: "the version", options: [json], load: () => import("./version.ts") },
  { name: "help", operands: ["[COMMAND]", "[WORD]"], summary: "this list, or one command", options: [], load: () => import("./help.ts") },
];

export interface Found {
  /** Undefined: no command was named at all. */
  readonly command: Command | undefined;
  readonly rest: readonly string[];
}

/** The command the first one or two words name. */
export function commandOf(args: readonly string[]): Found {
  const [first, second] = args;
  if (first === undefined) return { command: undefined, rest: [] };
  const word = aliases.get(first) ?? first;
  if (word === "help" && second === undefined) return { command: undefined, rest: [] };
  const single = commands.find((command) => command.name === word);
  if (single !== undefined) return { command: single, rest: args.slice(1) };
  const family = commands.filter((command) => command.name.startsWith(`${word} `));
  if (family.length === 0) throw unknownCommand(word);
  const exact = family.find((command) => command.name === `${word} ${second ?? ""}`);
  if (exact !== undefined) return { command: exact, rest: args.slice(2) };
  const words = family.map((command) => command.name.slice(word.length + 1));
  const like = second === undefined ? undefined : nearestName(second, words);
  throw usage(`${word}: say what to do: ${words.join(", ")}${like === undefined ? "" : `; did you mean ${word} ${like}?`}`);
}

const aliases: ReadonlyMap<string, string> = new Map([
  ["--version", "version"],
  ["-v", "version"],
  ["--help", "help"],
  ["-h", "help"],
]);

function unknownCommand(word: string): Error {
  const like = nearestName(
    word,
    commands.map((command) => command.name.split(" ")[0] ?? ""),
  );
  return usage(`there is no command '${word}', ${like === undefined ? "see waystation help" : `did you mean ${like}?`}`);
}
