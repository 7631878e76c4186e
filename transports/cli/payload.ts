/** Payloads on their way in (a word of the command line, or stdin) and out (text where it is text, base64 where it is not). */
import type { Msg, MsgHdrs } from "@nats-io/transport-node";
import type { Invocation } from "./invocation.ts";
import type { Terminal } from "./terminal.ts";

/** The payload of the command line: the operand, else all of stdin; nothing when stdin is a keyboard. */
export async function payloadOf(invocation: Invocation, terminal: Terminal, operand: number): Promise<Buffer> {
  const text = invocation.operands[operand];
  if (text !== undefined) return Buffer.from(text);
  if (terminal.keyboard) return Buffer.alloc(0);
  const chunks: Buffer[] = [];
  for await (const chunk of terminal.input) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Every line of stdin, without its end. */
export async function* linesOf(terminal: Terminal): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of terminal.input) {
    let from = 0;
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      yield bytes.subarray(from, end > from && bytes[end - 1] === 13 ? end - 1 : end);
      from = end + 1;
    }
    rest = bytes.subarray(from);
  }
  if (rest.length > 0) yield rest;
}

export interface ShownMessage {
  readonly subject: string;
  readonly reply?: string;
  readonly headers?: Readonly<Record<string, readonly string[]>>;
  /** The payload, when it is UTF-8. */
  readonly data?: string;
  /** The payload, when it is not. */
  readonly base64?: string;
}

export function shown(message: Pick<Msg, "subject" | "data"> & { readonly reply?: string; readonly headers?: MsgHdrs }): ShownMessage {
  return {
    subject: message.subject,
    ...(message.reply === undefined || message.reply === "" ? {} : { reply: message.reply }),
    ...(message.headers === undefined ? {} : { headers: record(message.headers) }),
    ...body(message.data),
  };
}

function record(headers: MsgHdrs): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(headers.keys().map((name) => [name, headers.values(name)]));
}

function body(data: Uint8Array): { data: string } | { base64: string } {
  try {
    return { data: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data) };
  } catch {
    return { base64: Buffer.from(data).toString("base64") };
  }
}

/** A message as a person reads it. */
export function messageText(message: ShownMessage, withHeaders: boolean): string {
  const lines = [`${message.subject}  ${message.data ?? `(base64) ${message.base64 ?? ""}`}`];
  if (withHeaders) {
    for (const [name, values] of Object.entries(message.headers ?? {})) for (const value of values) lines.push(`  ${name}: ${value}`);
  }
  return `${lines.join("\n")}\n`;
}
