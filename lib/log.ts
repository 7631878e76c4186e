/**
 * Lines for the operator: a time, a level, a sentence, then facts as `name=value`. One line per call, whatever the values hold; the
 * writer is given, so a broker in a program logs where the program wants or nowhere. Values named like secrets are never written.
 *
 *     2026-11-21T08:00:00.000Z warn a slow consumer was closed client=7 pending=8388608
 *
 * Ask `debugOn` before building arguments for `debug`.
 */
import type { Clock } from "../store/environment.ts";

export type LogLevel = "error" | "warn" | "info" | "debug";
export type Fact = string | number | boolean | undefined | Error;
export type Facts = Readonly<Record<string, Fact>>;
/** Takes one line, its end included. Must not throw. */
export type LineWriter = (line: string) => void;

const rank: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 2, debug: 3 };
const factCharsMax = 2048;
const secretName = /pass|token|secret|signature|jwt|authorization|cookie/i;

/** What a part of the broker is given to log by. */
export interface Logger {
  readonly debugOn: boolean;
  error(text: string, facts?: Facts): void;
  warn(text: string, facts?: Facts): void;
  info(text: string, facts?: Facts): void;
  debug(text: string, facts?: Facts): void;
  /** One that adds these facts to each line. */
  with(facts: Facts): Logger;
}

/** The level all loggers of one broker share; a reload changes it. */
interface Threshold {
  rank: number;
}

export class LineLogger implements Logger {
  readonly #clock: Clock;
  readonly #write: LineWriter;
  readonly #threshold: Threshold;
  readonly #tail: string;

  constructor(clock: Clock, write: LineWriter, level: LogLevel, shared?: { readonly threshold: Threshold; readonly tail: string }) {
    this.#clock = clock;
    this.#write = write;
    this.#threshold = shared?.threshold ?? { rank: rank[level] };
    this.#tail = shared?.tail ?? "";
  }

  /** Holds for all that came of `with`, too. */
  set level(level: LogLevel) {
    this.#threshold.rank = rank[level];
  }

  get debugOn(): boolean {
    return this.#threshold.rank >= rank.debug;
  }

  error(text: string, facts?: Facts): void {
    this.#line("error", text, facts);
  }

  warn(text: string, facts?: Facts): void {
    this.#line("warn", text, facts);
  }

  info(text: string, facts?: Facts): void {
    this.#line("info", text, facts);
  }

  debug(text: string, facts?: Facts): void {
    this.#line("debug", text, facts);
  }

  with(facts: Facts): LineLogger {
    return new LineLogger(this.#clock, this.#write, "info", { threshold: this.#threshold, tail: this.#tail + factsText(facts) });
  }

  #line(level: LogLevel, text: string, facts: Facts | undefined): void {
    if (rank[level] > this.#threshold.rank) return;
    const time = new Date(this.#clock.nowUs() / 1000).toISOString();
    this.#write(`${time} ${level} ${oneLine(text)}${this.#tail}${facts === undefined ? "" : factsText(facts)}\n`);
  }
}

function factsText(facts: Facts): string {
  let text = "";
  for (const [name, fact] of Object.entries(facts)) {
    if (fact !== undefined) text += ` ${name}=${secretName.test(name) ? "***" : factText(fact)}`;
  }
  return text;
}

function factText(fact: Exclude<Fact, undefined>): string {
  if (typeof fact === "number" || typeof fact === "boolean") return String(fact);
  const text = fact instanceof Error ? fact.message : fact;
  const cut = text.length > factCharsMax ? `${text.slice(0, factCharsMax)}…` : text;
  return /^[^\s"=\p{Cc}\p{Zl}\p{Zp}]+$/u.test(cut) ? cut : oneLine(JSON.stringify(cut));
}

/** Control characters could end the line or steer a terminal. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`);
}
