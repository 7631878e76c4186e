/** What the manifest keeps of a log's ledger, as bytes: counters, what is owed, how far sequences are reserved, message ids. */
import type { LogState } from "../store.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";

export interface StoredState {
  readonly counts: LogState;
  readonly reserved: number;
  /** Pairs of first and last. */
  readonly debt: readonly number[];
  /** The ledger's export, of a clean close only, empty when there are none; undefined: ids are read from the runs. */
  readonly duplicates: Buffer | undefined;
}

export function encodeState(state: StoredState): Buffer {
  const writer = new ByteWriter(128);
  const { counts } = state;
  writer.num(counts.firstSequence);
  writer.num(counts.lastSequence);
  writer.num(counts.messages);
  writer.num(counts.bytes);
  writer.num(counts.firstTimeUs);
  writer.num(counts.lastTimeUs);
  writer.num(state.reserved);
  const id = Buffer.from(counts.lastMessageId);
  writer.varint(id.length);
  writer.bytes(id);
  writer.varint(state.debt.length);
  for (const value of state.debt) writer.num(value);
  writer.varint(state.duplicates === undefined ? 0 : state.duplicates.length + 1);
  if (state.duplicates !== undefined) writer.bytes(state.duplicates);
  return writer.done();
}

export function decodeState(bytes: Buffer): StoredState {
  const reader = new ByteReader(bytes);
  const numbers = Array.from({ length: 7 }, () => reader.num());
  const lastMessageId = reader.bytes(reader.varint()).toString();
  const debt = Array.from({ length: reader.varint() }, () => reader.num());
  const duplicateBytes = reader.varint();
  return {
    counts: {
      firstSequence: numbers[0]!,
      lastSequence: numbers[1]!,
      messages: numbers[2]!,
      bytes: numbers[3]!,
      firstTimeUs: numbers[4]!,
      lastTimeUs: numbers[5]!,
      lastMessageId,
      deletedCount: 0,
    },
    reserved: numbers[6]!,
    debt,
    duplicates: duplicateBytes === 0 ? undefined : reader.bytes(duplicateBytes - 1),
  };
}
