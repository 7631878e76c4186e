/** How a failed command ends: one sentence on stderr and a documented exit code. */
import { BrokerError } from "../../lib/errors.ts";
import { StoreError } from "../../store/store.ts";

/** 0 done · 1 failed · 2 command line or configuration · 3 port or folder in use. README lists them. */
export type ExitCode = 0 | 1 | 2 | 3;

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof StoreError) return error.code === "in_use" ? 3 : 1;
  if (!(error instanceof BrokerError)) return 1;
  switch (error.code) {
    case "config":
    case "usage":
      return 2;
    case "in_use":
    case "address_in_use":
      return 3;
    default:
      return 1;
  }
}

/** One line, whatever the error's text looks like. */
export function sentenceOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replaceAll(/\s*\n\s*/g, "; ");
}

export function usage(sentence: string): BrokerError {
  return new BrokerError("usage", sentence);
}
