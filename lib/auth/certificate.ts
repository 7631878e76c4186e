/**
 * The names a verified client certificate speaks for, and which user they mean: e-mail addresses, DNS names and URIs of its subject
 * alternative names first, in this order, then its distinguished name. TLS has checked the certificate; this reads names only, and
 * reads them so that no value can pass for another name by holding a separator.
 */

export interface ClientCertificate {
  /** The subject's distinguished name, separators inside values escaped: `CN=gateway-7,O=acme\, inc`. */
  readonly subject: string;
  /** E-mail addresses, then DNS names, then URIs. */
  readonly alternativeNames: readonly string[];
}

type Attribute = readonly [type: string, value: string];

/**
 * From what Node tells of a peer's certificate: `subject` (an object of attributes, each with a value or several) and `subjectaltname`
 * (`DNS:a, email:b, URI:"c, d"`).
 */
export function clientCertificate(
  subject: Readonly<Record<string, string | readonly string[] | undefined>>,
  subjectAltName: string | undefined,
): ClientCertificate {
  const attributes: string[] = [];
  for (const [type, values] of Object.entries(subject)) {
    for (const value of typeof values === "string" ? [values] : (values ?? [])) attributes.push(`${type}=${escaped(value)}`);
  }
  const names = alternativeNames(subjectAltName ?? "");
  const ofKind = (kind: string): string[] => names.filter(([type]) => type === kind).map(([, name]) => name);
  return { subject: attributes.toReversed().join(","), alternativeNames: [...ofKind("email"), ...ofKind("dns"), ...ofKind("uri")] };
}

/** The user the certificate stands for among `users`, the names of all users; undefined when it is nobody's. */
export function mappedUser(certificate: ClientCertificate, users: ReadonlyMap<string, unknown>): string | undefined {
  const named = certificate.alternativeNames.find((name) => name !== "" && users.has(name));
  if (named !== undefined) return named;
  const attributes = parseDistinguishedName(certificate.subject);
  if (attributes === undefined) return undefined;
  const wanted = canonicalName(attributes);
  for (const user of users.keys()) {
    const other = user.includes("=") ? parseDistinguishedName(user) : undefined;
    if (other !== undefined && canonicalName(other) === wanted) return user;
  }
  return undefined;
}

/** `CN=a,O=b` as attributes, with `\` escaping the next character; undefined when it is no distinguished name. */
export function parseDistinguishedName(text: string): readonly Attribute[] | undefined {
  const attributes: Attribute[] = [];
  let type = "";
  let value: string | undefined;
  for (let at = 0; at <= text.length; at++) {
    let character = text[at];
    if (character === undefined || character === "," || character === "+") {
      if (value === undefined || type.trim() === "") return undefined;
      attributes.push([type.trim(), value]);
      type = "";
      value = undefined;
      continue;
    }
    if (character === "=" && value === undefined) {
      value = "";
      continue;
    }
    if (character === "\\") character = text[++at] ?? "";
    if (value === undefined) type += character;
    else value += character;
  }
  return attributes;
}

/** The attributes in an order of their own: which end of a name comes first depends on the tool that wrote it. */
function canonicalName(attributes: readonly Attribute[]): string {
  return JSON.stringify(attributes.map(([type, value]) => [type.toUpperCase(), value].join("=")).sort());
}

function escaped(value: string): string {
  return value.replaceAll(/[\\,+]/g, "\\$&");
}

/** Splits at `, ` outside quotes; a quoted name is a JSON string, as Node writes names that hold separators. */
function alternativeNames(text: string): Attribute[] {
  const names: Attribute[] = [];
  let rest = text;
  while (rest !== "") {
    const colon = rest.indexOf(":");
    if (colon < 0) break;
    const kind = rest.slice(0, colon).toLowerCase();
    rest = rest.slice(colon + 1);
    const quoted = /^"(?:[^"\\]|\\.)*"/.exec(rest)?.[0];
    const end = rest.indexOf(", ");
    const raw = quoted ?? (end < 0 ? rest : rest.slice(0, end));
    const name = quoted === undefined ? raw : unquoted(quoted);
    if (name !== undefined) names.push([kind, name]);
    rest = rest.slice(raw.length);
    rest = rest.startsWith(", ") ? rest.slice(2) : "";
  }
  return names;
}

function unquoted(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
