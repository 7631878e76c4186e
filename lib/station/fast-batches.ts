/**
 * Streams of publishes that are told of now and then instead of one by one: how far everything is stored, where something is missing,
 * what was refused, and at the end how many there were. The publisher slows down or speeds up as it is told to. Where gaps are not
 * allowed, nothing is stored behind one, nor behind a refusal. Source of the rules: ADR-50, fast ingest of nats-server.
 */
import type { Timer } from "../../store/environment.ts";
import type { AppendRequest, OutcomeKind } from "../../store/store.ts";
import type { Message } from "../message.ts";
import type { PublishOutcome, PublishRefusal } from "../transport.ts";
import { copyOf } from "./extras.ts";
import { parseFastReply } from "./fast-reply.ts";
import type { FastReply } from "./fast-reply.ts";
import type { PublishReader, Refusal } from "./publish-reader.ts";
import type { SpecialHeaders } from "./special-headers.ts";
import type { Station, Waiters } from "./station.ts";

/** Batches of one station at once; then new ones are refused. */
export const fastBatchesMax = 1_000;
const idBytesMax = 64;
/** A batch that stays away for so long is forgotten. */
const idleMs = 10_000;
/** An acknowledgement comes every so many messages at most, shared by the batches there are. */
const flowMax = 500;
/** Messages of one batch that wait for an earlier one's outcome; the publisher's flow keeps it lower. */
const heldMax = 10_000;

/** How publishers of fast batches are told. The texts are the door's. */
export interface FastBatchVoice {
  /** Everything up to `sequence` of the batch is stored (or was refused, where gaps are allowed); the next comes `every` messages. */
  progress(reply: string, sequence: number, every: number): void;
  /** Messages from `expected` on, up to `current` exclusive, did not come. */
  gap(reply: string, expected: number, current: number): void;
  /** One message was refused. */
  refusedPart(reply: string, sequence: number, code: PublishRefusal, outcome: PublishOutcome): void;
  /** The batch did not begin. */
  refused(reply: string, outcome: PublishOutcome): void;
  /** The batch is over: its id, size and last sequence. */
  done(reply: string, outcome: PublishOutcome): void;
}

/** A message of a batch: its own copy. */
interface Part {
  readonly at: FastReply;
  readonly reply: string;
  readonly request: AppendRequest;
  readonly special: SpecialHeaders | undefined;
  readonly refusal: Refusal | undefined;
}

interface Batch {
  readonly id: string;
  readonly gapsAllowed: boolean;
  readonly flowMax: number;
  /** An acknowledgement every so many messages. */
  every: number;
  /** The highest sequence that came, that is settled, and that was told of. */
  last: number;
  settled: number;
  told: number;
  pending: number;
  stationSequence: number;
  reply: string;
  commits: boolean;
  timer: Timer;
  /** Messages behind one that may be refused. */
  held: Part[];
  blocked: boolean;
}

export class FastBatches {
  readonly #station: Station;
  readonly #waiters: Waiters;
  readonly #voice: FastBatchVoice;
  readonly #batches: Map<string, Batch> = new Map();

  constructor(station: Station, waiters: Waiters, voice: FastBatchVoice) {
    this.#station = station;
    this.#waiters = waiters;
    this.#voice = voice;
  }

  /** Takes a message whose reply says that it is a batch's; `refusal` is the reader's verdict. */
  take(message: Message, reader: PublishReader, refusal: Refusal | undefined): void {
    const reply = message.replyBuffer.toString("utf8", message.replyStart, message.replyEnd);
    if (refusal?.code === "sealed") return this.#refuse(reply, refusal.code, refusal.message);
    const { messageBytesMax } = this.#station.config;
    if (messageBytesMax > 0 && message.bodyEnd - message.bodyStart > messageBytesMax) {
      return this.#refuse(reply, "message_bytes_max", "the message is larger than the station allows");
    }
    const at = parseFastReply(reply);
    if (at === undefined) return this.#refuse(reply, "fast_batch_pattern_invalid", "the reply of a fast batch is malformed");
    if (Buffer.byteLength(at.id) > idBytesMax)
      return this.#refuse(reply, "fast_batch_id_invalid", `a batch's id has at most ${idBytesMax} bytes`);
    let batch = this.#batches.get(at.id);
    if (batch === undefined) {
      if (at.sequence !== 1)
        return this.#refuse(reply, "fast_batch_unknown", "there is no such batch: it was idle too long, or never begun");
      if (this.#batches.size >= fastBatchesMax)
        return this.#refuse(reply, "fast_batches_max", `${fastBatchesMax} fast batches are under way`);
      batch = this.#begin(at);
    }
    const request = copyOf(reader.request);
    const part: Part = { at, reply, request, special: reader.special, refusal: refusal === undefined ? undefined : { ...refusal } };
    if (!batch.blocked) return this.#handle(batch, part);
    if (batch.held.length < heldMax) batch.held.push(part);
    else this.#finish(batch, reply);
  }

  close(): void {
    for (const batch of this.#batches.values()) batch.timer.cancel();
    this.#batches.clear();
  }

  #begin(at: FastReply): Batch {
    const batch: Batch = {
      id: at.id,
      gapsAllowed: at.gapsAllowed,
      flowMax: at.flow,
      every: this.#batches.size > 0 ? 1 : Math.min(flowMax, at.flow),
      last: 0,
      settled: 0,
      told: 0,
      pending: 0,
      stationSequence: 0,
      reply: "",
      commits: false,
      timer: this.#forgetLater(at.id),
      held: [],
      blocked: false,
    };
    this.#batches.set(at.id, batch);
    return batch;
  }

  #forgetLater(id: string): Timer {
    return this.#station.clock.after(idleMs, () => this.#batches.delete(id));
  }

  #drop(batch: Batch): void {
    batch.timer.cancel();
    if (this.#batches.get(batch.id) === batch) this.#batches.delete(batch.id);
  }

  #handle(batch: Batch, part: Part): void {
    const { at, reply } = part;
    if (!batch.commits) {
      batch.timer.cancel();
      batch.timer = this.#forgetLater(batch.id);
    }
    if (at.isPing) return this.#ping(batch, part);
    // It is over, for an error: the publisher waits for the end.
    if (batch.commits) return;
    const expected = batch.last + 1;
    if (at.sequence !== expected) {
      if (at.sequence > expected) this.#voice.gap(reply, expected, at.sequence);
      if (!batch.gapsAllowed || at.sequence < expected) {
        this.#finish(batch, reply);
        return;
      }
    }
    if (at.isEnd) {
      if (batch.pending === 0) batch.settled = batch.last;
      this.#finish(batch, reply);
      return;
    }
    batch.last = at.sequence;
    if (at.commits) {
      batch.commits = true;
      batch.timer.cancel();
    } else if (at.sequence === 1) {
      this.#voice.progress(reply, 0, batch.every);
    }
    if (part.refusal !== undefined)
      return this.#refused(batch, part, part.refusal.code, this.#outcome(part.refusal.code, part.refusal.message));
    this.#store(batch, part);
  }

  #ping(batch: Batch, { at, reply }: Part): void {
    if (at.sequence > batch.last) {
      this.#voice.gap(reply, batch.last + 1, at.sequence + 1);
      if (!batch.gapsAllowed) {
        if (this.#finish(batch, reply)) return;
      } else {
        batch.last = at.sequence;
        if (batch.pending === 0) batch.settled = batch.last;
        if (this.#tell(batch, reply)) return;
      }
    }
    this.#voice.progress(reply, batch.told, batch.every);
  }

  #store(batch: Batch, part: Part): void {
    const { request } = part;
    const { extras } = this.#station;
    const counters = extras?.counters;
    const subject = extras?.subjectOf(request) ?? "";
    if (counters !== undefined && !counters.ready([subject])) {
      batch.blocked = true;
      counters.withSums([subject], () => {
        this.#append(batch, part);
        this.#unblock(batch);
      });
      return;
    }
    // What may be refused decides about all that follows.
    const decides = !batch.gapsAllowed && (request.expect !== undefined || this.#station.config.discard === "new");
    if (decides) batch.blocked = true;
    this.#append(batch, part, decides);
  }

  #append(batch: Batch, part: Part, decides = false): void {
    const { request, special } = part;
    const { extras } = this.#station;
    const prepared = extras?.prepare(request, special);
    if (prepared !== undefined && "code" in prepared) {
      this.#refused(batch, part, prepared.code, this.#outcome(prepared.code, prepared.message));
      if (decides) this.#unblock(batch);
      return;
    }
    request.fleeting = this.#station.unwanted(request.subject);
    batch.pending++;
    const ticket = this.#station.log.append(request);
    if (prepared !== undefined) extras?.submitted(prepared);
    const published = (_token: number, outcome: PublishOutcome): void => {
      const kind: OutcomeKind = outcome.kind === "stored" || outcome.kind === "duplicate" ? outcome.kind : "failed";
      if (prepared !== undefined) extras?.settled(prepared, kind, outcome.sequence);
      this.#settled(batch, part, outcome);
      if (decides) this.#unblock(batch);
    };
    this.#waiters.add(ticket, { published }, 1, this.#station.name);
  }

  #unblock(batch: Batch): void {
    batch.blocked = false;
    while (!batch.blocked) {
      const next = batch.held.shift();
      if (next === undefined) return;
      if (this.#batches.get(batch.id) === batch) this.#handle(batch, next);
      else this.#refuseUnknown(next.reply);
    }
  }

  #settled(batch: Batch, part: Part, outcome: PublishOutcome): void {
    batch.pending--;
    batch.reply = part.reply;
    if (outcome.kind === "stored") {
      batch.stationSequence = outcome.sequence;
    } else if (outcome.kind !== "duplicate") {
      this.#refused(batch, part, outcome.code ?? "store_failed", outcome);
      return;
    } else if (part.at.commits && !batch.gapsAllowed && batch.last === 1) {
      this.#drop(batch);
      outcome.batch = batch.id;
      outcome.batchCount = 1;
      this.#voice.done(part.reply, outcome);
      return;
    }
    batch.settled = batch.pending === 0 ? batch.last : part.at.sequence;
    if (batch.commits && batch.settled === batch.last) this.#end(batch, part.reply);
    else this.#tell(batch, part.reply);
  }

  #refused(batch: Batch, part: Part, code: PublishRefusal, outcome: PublishOutcome): void {
    if (!batch.gapsAllowed && batch.last === 1) {
      this.#drop(batch);
      this.#voice.refused(part.reply, outcome);
      return;
    }
    this.#voice.refusedPart(part.reply, part.at.sequence, code, outcome);
    if (batch.gapsAllowed && !part.at.commits) {
      if (batch.pending === 0) batch.settled = batch.last;
      return;
    }
    if (batch.last === part.at.sequence) batch.last--;
    if (batch.pending === 0) batch.settled = batch.last;
    this.#finish(batch, part.reply);
  }

  /** Ends the batch with what has come; at once when all of that is settled. */
  #finish(batch: Batch, reply: string): boolean {
    batch.commits = true;
    batch.timer.cancel();
    if (batch.settled !== batch.last) return false;
    this.#end(batch, reply);
    return true;
  }

  #end(batch: Batch, reply: string): void {
    if (this.#batches.get(batch.id) !== batch) return;
    this.#drop(batch);
    const outcome = this.#outcome(undefined, "");
    outcome.kind = "stored";
    outcome.sequence = batch.stationSequence;
    outcome.batch = batch.id;
    outcome.batchCount = batch.last;
    this.#voice.done(reply, outcome);
  }

  /** Tells of progress when it is time to. */
  #tell(batch: Batch, reply: string): boolean {
    const { every } = batch;
    if (batch.settled < batch.told + every) return false;
    batch.told += Math.floor((batch.settled - batch.told) / every) * every;
    const most = Math.min(Math.max(1, Math.floor(flowMax / Math.max(1, this.#batches.size))), batch.flowMax);
    batch.every = every < most ? Math.min(every * 2, most) : Math.max(Math.floor(every / 2), most);
    this.#voice.progress(reply, batch.told, batch.every);
    return true;
  }

  #refuseUnknown(reply: string): void {
    this.#refuse(reply, "fast_batch_unknown", "there is no such batch: it was idle too long, or never begun");
  }

  #refuse(reply: string, code: PublishRefusal, message: string): void {
    this.#voice.refused(reply, this.#outcome(code, message));
  }

  #outcome(code: PublishRefusal | undefined, message: string): PublishOutcome {
    return outcomeOf(this.#station.name, code, message);
  }
}

/** A station that takes no fast batches tells who tries. */
export function refuseFast(voice: FastBatchVoice, reply: string, station: string): void {
  voice.refused(reply, outcomeOf(station, "fast_batch_denied", "the station takes no fast batches: allow them first"));
}

function outcomeOf(station: string, code: PublishRefusal | undefined, message: string): PublishOutcome {
  return {
    kind: "refused",
    station,
    sequence: 0,
    code,
    message,
    lastSequence: 0,
    lastMessageId: "",
    batch: "",
    batchCount: 0,
    sum: "",
  };
}
