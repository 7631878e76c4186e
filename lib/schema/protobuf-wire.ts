/**
 * Walks a protobuf message in place and says whether it is one of a type: every field that the type knows in a wire form it may have, text
 * in UTF-8, required fields present, to the last byte. Fields that the type does not know are passed over, as protobuf wants it.
 */
import { isUtf8 } from "node:buffer";
import { payloadDepthMax, tooDeep } from "./validator.ts";

const varint = 0;
const fixed64 = 1;
const delimited = 2;
const groupStart = 3;
const groupEnd = 4;
const fixed32 = 5;

export interface WireField {
  readonly name: string;
  readonly wire: number;
  readonly repeated: boolean;
  readonly text: boolean;
  /** Set once all types are made, as they may contain themselves. */
  message: WireType | undefined;
}

export interface WireType {
  readonly name: string;
  readonly fields: Map<number, WireField>;
  /** Numbers of proto2's required fields. */
  readonly required: readonly number[];
}

const wireNames = ["a varint", "8 bytes", "a length", "a group", "the end of a group", "4 bytes"];

export class ProtobufWalk {
  readonly #type: WireType;
  #body: Buffer = Buffer.alloc(0);
  #at = 0;
  #broken = false;

  constructor(type: WireType) {
    this.#type = type;
  }

  check(body: Buffer, start: number, end: number): string | undefined {
    this.#body = body;
    this.#at = start;
    this.#broken = false;
    return this.#message(this.#type, end, 0);
  }

  #message(type: WireType, end: number, depth: number): string | undefined {
    if (depth > payloadDepthMax) return tooDeep;
    const missing = type.required.length === 0 ? undefined : new Set(type.required);
    /** Of repeated messages: how many came, which is what the next one is called. */
    let counts: Map<number, number> | undefined;
    while (this.#at < end) {
      const tag = this.#varint(end);
      const number = Math.floor(tag / 8);
      const wire = tag % 8;
      if (this.#broken || number === 0 || tag >= 2 ** 32) return ": is not protobuf";
      const field = type.fields.get(number);
      if (field === undefined) {
        if (!this.#skip(wire, number, end, depth)) return `/#${number}: is not protobuf`;
        continue;
      }
      missing?.delete(number);
      let fault = this.#value(field, wire, end, depth);
      if (fault === undefined) {
        if (field.repeated && field.message !== undefined)
          counts = (counts ?? new Map<number, number>()).set(number, (counts?.get(number) ?? 0) + 1);
        continue;
      }
      if (field.repeated && field.message !== undefined) fault = `/${counts?.get(number) ?? 0}${fault}`;
      return `/${field.name}${fault}`;
    }
    if (this.#at > end) return ": ends in the middle";
    const [first] = missing ?? [];
    return first === undefined ? undefined : `/${type.fields.get(first)?.name ?? first}: is missing`;
  }

  #value(field: WireField, wire: number, end: number, depth: number): string | undefined {
    if (wire === delimited && field.wire !== delimited && field.repeated) return this.#packed(field, end);
    if (wire !== field.wire) return `: is ${wireNames[wire] ?? "nothing"} where ${wireNames[field.wire]} is wanted`;
    if (wire !== delimited) {
      if (wire === groupStart) return this.#skip(wire, 0, end, depth) ? undefined : ": is not protobuf";
      return this.#scalar(wire, end) ? undefined : ": ends in the middle";
    }
    const length = this.#varint(end);
    if (this.#broken || length > end - this.#at) return ": ends in the middle";
    const inner = this.#at + length;
    if (field.message !== undefined) return this.#message(field.message, inner, depth + 1);
    const start = this.#at;
    this.#at = inner;
    return !field.text || isUtf8(this.#body.subarray(start, inner)) ? undefined : ": is not UTF-8";
  }

  #packed(field: WireField, end: number): string | undefined {
    const length = this.#varint(end);
    if (this.#broken || length > end - this.#at) return ": ends in the middle";
    const inner = this.#at + length;
    while (this.#at < inner) if (!this.#scalar(field.wire, inner)) return ": ends in the middle";
    return undefined;
  }

  #scalar(wire: number, end: number): boolean {
    if (wire === varint) {
      this.#varint(end);
      return !this.#broken;
    }
    this.#at += wire === fixed64 ? 8 : 4;
    return (wire === fixed64 || wire === fixed32) && this.#at <= end;
  }

  /** Passes over what nobody knows. A group ends with its own number. */
  #skip(wire: number, number: number, end: number, depth: number): boolean {
    if (wire === delimited) {
      const length = this.#varint(end);
      this.#at += length;
      return !this.#broken && this.#at <= end;
    }
    if (wire !== groupStart) return wire !== groupEnd && this.#scalar(wire, end);
    if (depth > payloadDepthMax) return false;
    while (this.#at < end) {
      const tag = this.#varint(end);
      if (this.#broken) return false;
      if (tag % 8 === groupEnd) return number === 0 || Math.floor(tag / 8) === number;
      if (!this.#skip(tag % 8, Math.floor(tag / 8), end, depth + 1)) return false;
    }
    return false;
  }

  /** At most ten bytes; exact as far as a double is, which lengths and tags are. */
  #varint(end: number): number {
    let value = 0;
    let scale = 1;
    for (let length = 0; length < 10 && this.#at < end; length++) {
      const byte = this.#body[this.#at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    this.#broken = true;
    return 0;
  }
}
