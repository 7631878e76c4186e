/**
 * Tells publishers of fast batches how far they are, in JetStream's JSON, at the reply subjects of their messages. What is said while a
 * message is being routed waits for the end of the turn, because nobody may publish from within a publish.
 */
import type { FastBatchVoice } from "../../../lib/station/fast-batches.ts";
import type { PublishOutcome, PublishRefusal } from "../../../lib/transport.ts";
import { AckRenderer, publishError } from "../acks.ts";
import type { Api } from "./api.ts";

export class FastBatchSpeaker implements FastBatchVoice {
  readonly #api: Api;
  readonly #acks: AckRenderer = new AckRenderer();
  #waiting: (readonly [reply: string, text: string])[] = [];

  constructor(api: Api) {
    this.#api = api;
  }

  progress(reply: string, sequence: number, every: number): void {
    this.#say(reply, `{"type":"ack","seq":${sequence},"msgs":${every}}`);
  }

  gap(reply: string, expected: number, current: number): void {
    this.#say(reply, `{"type":"gap","last_seq":${expected},"seq":${current}}`);
  }

  refusedPart(reply: string, sequence: number, code: PublishRefusal, outcome: PublishOutcome): void {
    const { code: status, errorCode, description } = publishError({ ...outcome, code });
    this.#say(reply, JSON.stringify({ type: "err", seq: sequence, error: { code: status, err_code: errorCode, description } }));
  }

  refused(reply: string, outcome: PublishOutcome): void {
    this.done(reply, outcome);
  }

  done(reply: string, outcome: PublishOutcome): void {
    this.#acks.render(outcome);
    this.#say(reply, this.#acks.buffer.toString("utf8", 0, this.#acks.end));
  }

  #say(reply: string, text: string): void {
    this.#waiting.push([reply, text]);
    if (this.#waiting.length > 1) return;
    this.#api.clock.endOfTurn(() => {
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const [to, what] of waiting) this.#api.answer(to, what);
    });
  }
}
