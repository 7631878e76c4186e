/**
 * A condition on content: one expression in a subset of CEL over `subject`, `headers`, `msg`, `key` and `time`, compiled once and asked
 * per message. A message it cannot judge (a field is missing, a type does not fit, the body is no JSON) does not match, and is counted.
 *
 *     msg.temperature > 30 && headers.region in ["eu", "us"] && !has(msg.test)
 *     subject.startsWith("orders.") && time - msg.createdMs < duration("1h")
 */
import type { RecordView } from "../../store/store.ts";
import type { Message } from "../message.ts";
import type { Condition } from "../subscription.ts";
import { checkCondition } from "./checker.ts";
import { compileTree } from "./compiler.ts";
import type { Evaluate } from "./compiler.ts";
import type { Facts, MessageFacts } from "./facts.ts";
import { parseCondition } from "./parser.ts";
import { failed, missing } from "./value.ts";
import type { Value } from "./value.ts";

/** What a condition says of one message. */
export type Verdict = "match" | "noMatch" | "missing" | "failed";

/** A compiled condition, apart from any stream of messages. */
export class Expression {
  readonly text: string;
  readonly #evaluate: Evaluate;

  /** Throws a ConditionError, with the place in the text, when the text is no condition. */
  constructor(text: string) {
    const tree = parseCondition(text);
    checkCondition(tree);
    this.text = text;
    this.#evaluate = compileTree(tree);
  }

  judge(facts: Facts): Verdict {
    const value = this.#value(facts);
    if (value === true) return "match";
    if (value === false) return "noMatch";
    return value === missing ? "missing" : "failed";
  }

  /** A body may be nested deeper than a comparison can follow: then it cannot be judged. */
  #value(facts: Facts): Value {
    try {
      return this.#evaluate(facts);
    } catch (error) {
      if (error instanceof RangeError) return failed;
      throw error;
    }
  }
}

/** An expression as a subscription's condition. All conditions of a broker share one view of the message at hand. */
export class ContentCondition implements Condition {
  readonly expression: Expression;
  /** Messages not matched because a field was missing, or because they could not be judged. */
  missing = 0;
  failed = 0;
  readonly #facts: MessageFacts;

  constructor(expression: Expression, facts: MessageFacts) {
    this.expression = expression;
    this.#facts = facts;
  }

  holds(message: Message): boolean {
    this.#facts.look(message);
    const verdict = this.expression.judge(this.#facts);
    if (verdict === "missing") this.missing++;
    else if (verdict === "failed") this.failed++;
    return verdict === "match";
  }
}

/** What a condition says of a stored record. */
export function judgeRecord(expression: Expression, facts: MessageFacts, view: RecordView): Verdict {
  const { buffer, subjectStart, subjectEnd, bodyStart, headerBytes, bodyEnd, timeUs } = view;
  facts.show(buffer.toString("utf8", subjectStart, subjectEnd), buffer, bodyStart, headerBytes, bodyEnd, timeUs);
  return expression.judge(facts);
}

/** Both of what a subscription may see and what it asked for. */
export function bothHold(permitted: Condition | undefined, content: Condition): Condition {
  return permitted === undefined ? content : { holds: (message) => permitted.holds(message) && content.holds(message) };
}
