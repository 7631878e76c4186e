/**
 * What a condition may know of a message, each found at first need and at most once, however many conditions ask: the JSON of the body
 * is parsed only when one reads `msg`.
 */
import type { Clock } from "../../store/environment.ts";
import type { Message } from "../message.ts";
import { nothing } from "../message.ts";
import { failed, missing } from "./value.ts";
import type { Value } from "./value.ts";

export interface Facts {
  readonly subject: string;
  /** The header's value, its first when there are several; names are compared without regard to case. */
  header(name: string): string | typeof missing;
  readonly headerCount: number;
  /** The body as JSON; `failed` when it is none. */
  readonly body: Value;
  /** The record's key: its header `Waystation-Key`, or else the subject. */
  readonly key: string;
  /** Milliseconds since the epoch: of a stored message when it was stored, else now. */
  readonly timeMs: number;
}

const keyHeader = "Waystation-Key";
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const colon = 0x3a;

/** The facts of a message in its header block and payload: a reused view, as the message is. */
export class MessageFacts implements Facts {
  readonly #clock: Clock;
  #message: Message | undefined = undefined;
  #subject = "";
  #buffer: Buffer = nothing;
  #bodyStart = 0;
  #headerBytes = 0;
  #bodyEnd = 0;
  #timeUs = 0;
  #body: Value | undefined = undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Looks at a message on its way; again only when it is another one, or the next by the same reused object. */
  look(message: Message): void {
    if (message.examined === this && this.#message === message) return;
    message.examined = this;
    this.#message = message;
    this.show(message.subject.text, message.body, message.bodyStart, message.headerBytes, message.bodyEnd, 0);
  }

  /** Looks at a header block followed by a payload. `timeUs` 0 is now. */
  show(subject: string, buffer: Buffer, bodyStart: number, headerBytes: number, bodyEnd: number, timeUs: number): void {
    this.#subject = subject;
    this.#buffer = buffer;
    this.#bodyStart = bodyStart;
    this.#headerBytes = headerBytes;
    this.#bodyEnd = bodyEnd;
    this.#timeUs = timeUs;
    this.#body = undefined;
  }

  get subject(): string {
    return this.#subject;
  }

  get body(): Value {
    return (this.#body ??= this.#parse());
  }

  get key(): string {
    const key = this.header(keyHeader);
    return key === missing ? this.#subject : key;
  }

  get timeMs(): number {
    if (this.#timeUs === 0) this.#timeUs = this.#clock.nowUs();
    return this.#timeUs / 1000;
  }

  get headerCount(): number {
    let count = 0;
    for (let line = this.#nextLine(this.#bodyStart); line < this.#headersEnd; line = this.#nextLine(line)) {
      if (this.#buffer[line] !== carriageReturn) count++;
    }
    return count;
  }

  header(name: string): string | typeof missing {
    const buffer = this.#buffer;
    const end = this.#headersEnd;
    for (let line = this.#nextLine(this.#bodyStart); line < end; line = this.#nextLine(line)) {
      if (!this.#isNamed(line, name)) continue;
      let valueEnd = line + name.length + 1;
      while (valueEnd < end && buffer[valueEnd] !== carriageReturn) valueEnd++;
      return buffer.toString("utf8", line + name.length + 1, valueEnd).trim();
    }
    return missing;
  }

  get #headersEnd(): number {
    return this.#bodyStart + this.#headerBytes;
  }

  #nextLine(at: number): number {
    const feed = this.#headerBytes === 0 ? -1 : this.#buffer.indexOf(lineFeed, at);
    return feed < 0 ? this.#headersEnd : feed + 1;
  }

  /** Names are compared in ASCII without regard to case. */
  #isNamed(line: number, name: string): boolean {
    if (this.#buffer[line + name.length] !== colon) return false;
    for (let i = 0; i < name.length; i++) {
      if (lowered(this.#buffer[line + i] ?? 0) !== lowered(name.charCodeAt(i))) return false;
    }
    return true;
  }

  #parse(): Value {
    const start = this.#bodyStart + this.#headerBytes;
    if (start >= this.#bodyEnd) return failed;
    try {
      const parsed: Value = JSON.parse(this.#buffer.toString("utf8", start, this.#bodyEnd));
      return parsed;
    } catch {
      return failed;
    }
  }
}

function lowered(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
}
