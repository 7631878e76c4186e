/** What a client says of itself in CONNECT, and what holds when it says nothing. */

export interface ConnectOptions {
  readonly verbose: boolean;
  readonly pedantic: boolean;
  readonly echo: boolean;
  readonly headers: boolean;
  readonly noResponders: boolean;
  readonly tlsRequired: boolean;
  /** 1: the client takes INFO at any time. */
  readonly protocol: number;
  readonly name: string;
  readonly language: string;
  readonly version: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly token: string | undefined;
  readonly nkey: string | undefined;
  readonly signature: string | undefined;
  readonly jwt: string | undefined;
}

/** A client that never sends CONNECT gets these. */
export const connectDefaults: ConnectOptions = {
  verbose: true,
  pedantic: true,
  echo: true,
  headers: false,
  noResponders: false,
  tlsRequired: false,
  protocol: 0,
  name: "",
  language: "",
  version: "",
  user: undefined,
  password: undefined,
  token: undefined,
  nkey: undefined,
  signature: undefined,
  jwt: undefined,
};

/** Undefined when it is no JSON object or a field has the wrong type: the connection is then closed without a word. */
export function parseConnect(text: string): ConnectOptions | undefined {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) return undefined;
  const reader = new FieldReader(new Map(Object.entries(fields)));
  const options: ConnectOptions = {
    verbose: reader.flag("verbose") ?? true,
    pedantic: reader.flag("pedantic") ?? true,
    echo: reader.flag("echo") ?? true,
    headers: reader.flag("headers") ?? false,
    noResponders: reader.flag("no_responders") ?? false,
    tlsRequired: reader.flag("tls_required") ?? false,
    protocol: reader.whole("protocol") ?? 0,
    name: reader.text("name") ?? "",
    language: reader.text("lang") ?? "",
    version: reader.text("version") ?? "",
    user: reader.text("user"),
    password: reader.text("pass"),
    token: reader.text("auth_token"),
    nkey: reader.text("nkey"),
    signature: reader.text("sig"),
    jwt: reader.text("jwt"),
  };
  return reader.wrong ? undefined : options;
}

/** The client wants to be somebody. */
export function showsCredentials(options: ConnectOptions): boolean {
  return (
    options.user !== undefined ||
    options.password !== undefined ||
    options.token !== undefined ||
    options.nkey !== undefined ||
    options.jwt !== undefined
  );
}

class FieldReader {
  /** A field had another type than it must. */
  wrong: boolean;
  readonly #fields: ReadonlyMap<string, unknown>;

  constructor(fields: ReadonlyMap<string, unknown>) {
    this.wrong = false;
    this.#fields = fields;
  }

  flag(name: string): boolean | undefined {
    const value = this.#fields.get(name) ?? undefined;
    if (value === undefined || typeof value === "boolean") return value;
    this.wrong = true;
    return undefined;
  }

  whole(name: string): number | undefined {
    const value = this.#fields.get(name) ?? undefined;
    if (value === undefined || (typeof value === "number" && Number.isInteger(value))) return value;
    this.wrong = true;
    return undefined;
  }

  /** An empty text counts as absent, as it does for the servers that clients know. */
  text(name: string): string | undefined {
    const value = this.#fields.get(name) ?? undefined;
    if (value === undefined || typeof value === "string") return value === "" ? undefined : value;
    this.wrong = true;
    return undefined;
  }
}
