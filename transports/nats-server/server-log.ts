/**
 * The log as nats-server writes it, because scripts wait for its lines: `[pid] 2026/11/26 06:42:34.123456 [INF] text`. To stderr, or to a
 * file that is opened again on request.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import type { Clock } from "../../lib/clock.ts";

export type LogKind = "INF" | "WRN" | "ERR" | "FTL" | "DBG";

export class ServerLog {
  debugOn: boolean;
  readonly #clock: Clock;
  readonly #pid: number;
  readonly #note: (line: string) => void;
  readonly #file: string | undefined;
  #descriptor: number | undefined;

  /** `note` takes a line without its end. Throws when `file` cannot be opened. */
  constructor(clock: Clock, pid: number, note: (line: string) => void, file: string | undefined, debugOn: boolean) {
    this.#clock = clock;
    this.#pid = pid;
    this.#note = note;
    this.#file = file;
    this.debugOn = debugOn;
    this.#descriptor = file === undefined ? undefined : openSync(file, "a");
  }

  line(kind: LogKind, text: string): void {
    if (kind === "DBG" && !this.debugOn) return;
    const line = `[${this.#pid}] ${timeText(this.#clock.nowUs())} [${kind}] ${text}`;
    if (this.#descriptor === undefined) this.#note(line);
    else writeSync(this.#descriptor, `${line}\n`);
  }

  /** After somebody has moved the file away. */
  reopen(): void {
    if (this.#file === undefined) return;
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = openSync(this.#file, "a");
    this.line("INF", "File log re-opened");
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

function timeText(us: number): string {
  const time = new Date(us / 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${time.getFullYear()}/${two(time.getMonth() + 1)}/${two(time.getDate())}`;
  const micros = String(Math.floor(us % 1_000_000)).padStart(6, "0");
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${micros}`;
}
