/**
 * The one table of options. Flags, environment, file keys, help, README and shell completion are all read from it: an option is added
 * here and nowhere else. `webPort` is `--web-port`, `WAYSTATION_WEB_PORT` and the key `webPort`.
 */

/** What a value must be. `folder` and `file` are made absolute; `port` is a number or `off`. */
export type OptionKind = "text" | "host" | "port" | "boolean" | "choice" | "folder" | "file" | "count";

export interface Option {
  /** In camelCase: the key in a file, and what the other spellings are made of. */
  readonly key: string;
  readonly kind: OptionKind;
  /** As it would be written; undefined = none. */
  readonly default: string | undefined;
  /** The value's name in help, such as `FOLDER`. */
  readonly placeholder: string;
  /** Of a `choice`. */
  readonly choices: readonly string[];
  /** One sentence, without its full stop. */
  readonly doc: string;
  /** Never printed. */
  readonly secret: boolean;
  /** A reload takes it over; else it needs a restart. */
  readonly live: boolean;
}

export type ServeKey =
  | "host"
  | "port"
  | "webPort"
  | "mqttPort"
  | "data"
  | "memory"
  | "durability"
  | "config"
  | "addressesFile"
  | "serverName"
  | "webOrigins"
  | "webCompression"
  | "webUserCookie"
  | "webPassCookie"
  | "webTokenCookie"
  | "user"
  | "pass"
  | "token"
  | "allowAnonymous"
  | "noAuthUser"
  | "tlsCert"
  | "tlsKey"
  | "tlsCa"
  | "tlsVerify"
  | "tlsMap"
  | "tlsHandshakeFirst"
  | "tlsOptional"
  | "logLevel";

/** Of a broker's own option: its key is known. */
export interface ServeOption extends Option {
  readonly key: ServeKey;
}

/** The options of `waystation serve` and of `createBroker`. */
export const serveOptions: readonly ServeOption[] = [
  option("host", "host", "127.0.0.1", "HOST", "The address to listen on; beyond loopback it needs users or --allow-anonymous", {
    live: true,
  }),
  option("port", "port", "4222", "PORT", "The port of the NATS door; 0 is any free one, off closes it", { live: true }),
  option("webPort", "port", "8222", "PORT", "The port of the web door: WebSocket, HTTP, console, metrics", { live: true }),
  option("mqttPort", "port", "1883", "PORT", "The port of the MQTT door", { live: true }),
  option("data", "folder", "waystation-data", "FOLDER", "Where stations are kept; one broker per folder"),
  option("memory", "boolean", "false", "", "Keep everything in memory: nothing survives the process"),
  option("durability", "choice", "always", "", "When a publish is acknowledged: synced, synced every 100 ms, or in memory", {
    choices: ["always", "interval", "none"],
  }),
  option("config", "file", undefined, "FILE", "A YAML file with these options and users, tenants, tls, limits"),
  option("addressesFile", "file", undefined, "FILE", "Write the addresses of all doors to it, as JSON, once they accept"),
  option("webOrigins", "text", undefined, "ORIGINS", "Origins besides its own whose pages may use the web door, by commas; * is any"),
  option("webCompression", "boolean", "false", "", "WebSockets may be compressed (permessage-deflate): less to send, more to compute"),
  option("webUserCookie", "text", undefined, "NAME", "The cookie that holds the user of a WebSocket"),
  option("webPassCookie", "text", undefined, "NAME", "The cookie that holds the user's password"),
  option("webTokenCookie", "text", undefined, "NAME", "The cookie that holds the token of a WebSocket"),
  option("serverName", "text", undefined, "NAME", "The name shown to clients"),
  option("user", "text", undefined, "NAME", "A user that may do everything; with --pass", { live: true }),
  option("pass", "text", undefined, "PASSWORD", "The password of --user, in clear or as a bcrypt or scrypt hash", {
    live: true,
    secret: true,
  }),
  option("token", "text", undefined, "TOKEN", "A token that stands for a user that may do everything", { live: true, secret: true }),
  option("allowAnonymous", "boolean", "false", "", "Let in connections that show nothing, on any host and beside users", { live: true }),
  option("noAuthUser", "text", undefined, "NAME", "The user that connections are which show nothing", { live: true }),
  option("tlsCert", "file", undefined, "FILE", "The certificate chain of the doors, in PEM", { live: true }),
  option("tlsKey", "file", undefined, "FILE", "The key of --tls-cert, in PEM", { live: true }),
  option("tlsCa", "file", undefined, "FILE", "The authorities that vouch for client certificates, in PEM", { live: true }),
  option("tlsVerify", "boolean", "false", "", "Clients must show a certificate that --tls-ca vouches for", { live: true }),
  option("tlsMap", "boolean", "false", "", "A client's certificate says which user it is; implies --tls-verify", { live: true }),
  option("tlsHandshakeFirst", "boolean", "false", "", "NATS clients start TLS at once instead of after INFO", { live: true }),
  option("tlsOptional", "boolean", "false", "", "Clients may also go on without TLS", { live: true }),
  option("logLevel", "choice", "info", "", "The least serious kind of line that is logged", {
    live: true,
    choices: ["error", "warn", "info", "debug"],
  }),
];

function option(
  key: ServeKey,
  kind: OptionKind,
  byDefault: string | undefined,
  placeholder: string,
  doc: string,
  more: { readonly live?: boolean; readonly secret?: boolean; readonly choices?: readonly string[] } = {},
): ServeOption {
  const choices = more.choices ?? [];
  return {
    key,
    kind,
    default: byDefault,
    placeholder: kind === "choice" ? choices.join("|") : placeholder,
    choices,
    doc,
    secret: more.secret ?? false,
    live: more.live ?? false,
  };
}

/** `webPort` → `--web-port`. */
export function flagOf(key: string): string {
  return `--${kebab(key)}`;
}

/** `webPort` → `WAYSTATION_WEB_PORT`. */
export function environmentNameOf(key: string): string {
  return `WAYSTATION_${kebab(key).replaceAll("-", "_").toUpperCase()}`;
}

function kebab(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
