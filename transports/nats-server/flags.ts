/**
 * The command line of nats-server: flags as Go reads them, with one dash or two, `-p 4222` or `-p=4222`, switches without a value. Says what
 * was given and nothing of what it means; `server-options.ts` does.
 */
import { BrokerError } from "../../lib/errors.ts";

/** Canonical names of the flags that are understood. */
export type FlagName =
  | "addr"
  | "port"
  | "name"
  | "pid"
  | "httpPort"
  | "httpsPort"
  | "config"
  | "test"
  | "signal"
  | "portsFileDir"
  | "log"
  | "debug"
  | "trace"
  | "debugTrace"
  | "jetstream"
  | "storeDir"
  | "user"
  | "pass"
  | "auth"
  | "tls"
  | "tlsCert"
  | "tlsKey"
  | "tlsVerify"
  | "tlsCa"
  | "help"
  | "version"
  | "clientAdvertise"
  | "ignoredSwitch"
  | "ignoredValue";

interface Flag {
  readonly name: FlagName;
  readonly kind: "switch" | "value";
}

const flags: ReadonlyMap<string, Flag> = new Map([
  ...valued("addr", "a", "addr", "net"),
  ...valued("port", "p", "port"),
  ...valued("name", "n", "name", "server_name"),
  ...valued("pid", "P", "pid"),
  ...valued("httpPort", "m", "http_port"),
  ...valued("httpsPort", "ms", "https_port"),
  ...valued("config", "c", "config"),
  ...switches("test", "t"),
  ...valued("signal", "sl", "signal"),
  ...valued("portsFileDir", "ports_file_dir"),
  ...valued("clientAdvertise", "client_advertise"),
  ...valued("log", "l", "log"),
  ...switches("debug", "D", "debug"),
  ...switches("trace", "V", "trace", "VV"),
  ...switches("debugTrace", "DV", "DVV"),
  ...switches("jetstream", "js", "jetstream"),
  ...valued("storeDir", "sd", "store_dir"),
  ...valued("user", "user"),
  ...valued("pass", "pass"),
  ...valued("auth", "auth"),
  ...switches("tls", "tls"),
  ...valued("tlsCert", "tlscert"),
  ...valued("tlsKey", "tlskey"),
  ...switches("tlsVerify", "tlsverify"),
  ...valued("tlsCa", "tlscacert"),
  ...switches("help", "h", "help", "help_tls"),
  ...switches("version", "v", "version"),
  ...switches("ignoredSwitch", "T", "logtime", "s", "syslog", "no_advertise"),
  ...valued(
    "ignoredValue",
    "r",
    "remote_syslog",
    "log_size_limit",
    "max_traced_msg_len",
    "routes",
    "cluster",
    "cluster_name",
    "cluster_advertise",
  ),
  ...valued("ignoredValue", "connect_retries", "cluster_listen", "profile", "routes_timeout"),
]);

export class ServerFlags {
  readonly #values: ReadonlyMap<FlagName, string>;
  /** As written, of those that change nothing here. */
  readonly ignored: readonly string[];

  constructor(values: ReadonlyMap<FlagName, string>, ignored: readonly string[]) {
    this.#values = values;
    this.ignored = ignored;
  }

  has(name: FlagName): boolean {
    return this.#values.get(name) === "true";
  }

  value(name: FlagName): string | undefined {
    return this.#values.get(name);
  }

  whole(name: FlagName): number | undefined {
    const text = this.#values.get(name);
    if (text === undefined) return undefined;
    if (!/^-?[0-9]{1,9}$/.test(text)) throw new BrokerError("usage", `invalid value "${text}" for flag -${name}: a whole number`);
    return Number(text);
  }
}

/** Throws a BrokerError `usage` for what is not understood. */
export function parseServerFlags(args: readonly string[]): ServerFlags {
  const values = new Map<FlagName, string>();
  const ignored: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? "";
    const found = /^--?([A-Za-z_][^=]*)(?:=(.*))?$/s.exec(arg);
    if (found === null) {
      if (["help", "version"].includes(arg)) values.set(arg === "help" ? "help" : "version", "true");
      else throw new BrokerError("usage", `unrecognized command: "${arg}"`);
      continue;
    }
    const [, name = "", inline] = found;
    const flag = flags.get(name);
    if (flag === undefined) throw new BrokerError("usage", `flag provided but not defined: -${name}; see --help`);
    let value = inline;
    if (flag.kind === "switch") value = /^(?:0|f|false)$/i.test(inline ?? "true") ? "false" : "true";
    else if (value === undefined) {
      value = args[++index];
      if (value === undefined) throw new BrokerError("usage", `flag needs an argument: -${name}`);
    }
    if (flag.name === "ignoredSwitch" || flag.name === "ignoredValue") ignored.push(arg);
    else values.set(flag.name, value ?? "");
  }
  return new ServerFlags(values, ignored);
}

function valued(name: FlagName, ...spellings: readonly string[]): [string, Flag][] {
  return spellings.map((spelling) => [spelling, { name, kind: "value" }]);
}

function switches(name: FlagName, ...spellings: readonly string[]): [string, Flag][] {
  return spellings.map((spelling) => [spelling, { name, kind: "switch" }]);
}
