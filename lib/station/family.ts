/**
 * A station of several partitions: one name, as many logs. As a capture of the station's own filters it hands a message to the partition
 * of its key, so that messages of one key keep their order. What the partitions share (message ids, limits) the store sees to; all of
 * them are written by one journal, so that many cost what one does.
 */
import type { Capture } from "../capture.ts";
import type { Message } from "../message.ts";
import type { Session } from "../transport.ts";
import type { StationConfig } from "./config.ts";
import { familyConfig, partitionOf } from "./partition.ts";
import { KeyFinder } from "./record-key.ts";
import type { Station } from "./station.ts";

/** Sums over the partitions. */
export interface FamilyState {
  readonly messages: number;
  readonly bytes: number;
  readonly firstTimeUs: number;
  readonly lastTimeUs: number;
}

export class StationFamily implements Capture {
  readonly name: string;
  /** In order: partition 1 first. */
  readonly partitions: readonly Station[];
  readonly #finder: KeyFinder = new KeyFinder();

  constructor(name: string, partitions: readonly Station[]) {
    this.name = name;
    this.partitions = partitions;
  }

  get first(): Station {
    const [first] = this.partitions;
    if (first === undefined) throw new RangeError("a family has partitions");
    return first;
  }

  get config(): StationConfig {
    return familyConfig(this.first.config) ?? this.first.config;
  }

  get createdUs(): number {
    return this.first.createdUs;
  }

  get state(): FamilyState {
    let [messages, bytes, firstTimeUs, lastTimeUs] = [0, 0, Infinity, 0];
    for (const { log } of this.partitions) {
      messages += log.state.messages;
      bytes += log.state.bytes;
      if (log.state.messages > 0) firstTimeUs = Math.min(firstTimeUs, log.state.firstTimeUs);
      lastTimeUs = Math.max(lastTimeUs, log.state.lastTimeUs);
    }
    return { messages, bytes, firstTimeUs: messages === 0 ? 0 : firstTimeUs, lastTimeUs };
  }

  /** The partition with this number, from 1. */
  partition(number: number): Station | undefined {
    return this.partitions[number - 1];
  }

  capture(message: Message, from: Session, token: number): boolean {
    const finder = this.#finder;
    const { bytes } = message.subject;
    finder.find(message.body, message.bodyStart, message.headerBytes, bytes, 0, bytes.length);
    if (finder.partition !== "") return this.#captureChosen(message, from, token, finder.partition);
    const number = partitionOf(finder.bytes, finder.start, finder.end, this.partitions.length);
    return this.partition(number)?.capture(message, from, token) ?? false;
  }

  #captureChosen(message: Message, from: Session, token: number, text: string): boolean {
    const partition = /^\d{1,3}$/.test(text) ? this.partition(Number(text)) : undefined;
    if (partition !== undefined) return partition.capture(message, from, token);
    const why = `station '${this.name}' has no partition '${text}': name one from 1 to ${this.partitions.length}`;
    return this.first.refuse(from, token, "bad_header", why);
  }
}
