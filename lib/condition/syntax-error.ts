/** What is wrong with a condition's text, and where: shown to whoever wrote it. */
import { BrokerError } from "../errors.ts";

export class ConditionError extends BrokerError {
  /** Counts from 1, in characters of the text. */
  readonly position: number;

  /** `offset` counts from 0. `problem` says what is wrong and, after a semicolon, what to write. */
  constructor(offset: number, problem: string) {
    super("invalid", `condition, character ${offset + 1}: ${problem}`);
    this.name = "ConditionError";
    this.position = offset + 1;
  }
}
