/**
 * Walks a binary Avro datum in place and says whether it is one of a type, to its last byte. Nothing is built of it, so that an announced
 * count of a billion costs no more than the bytes that are there.
 */
import type { types, Type } from "avsc";
import { payloadDepthMax, pathStep, stepsFor, tooComplex, tooDeep } from "./validator.ts";

type Walk = (bytes: AvroBytes) => string | undefined;

const short = ": ends in the middle";

export class AvroBinaryCheck {
  readonly #walk: Walk;
  readonly #bytes: AvroBytes = new AvroBytes();

  constructor(type: Type) {
    this.#walk = walkOf(type, new Map());
  }

  check(body: Buffer, start: number, end: number): string | undefined {
    const bytes = this.#bytes;
    bytes.begin(body, start, end);
    const fault = this.#walk(bytes);
    if (fault !== undefined) return fault;
    return bytes.left === 0 ? undefined : `: has ${bytes.left} bytes too many`;
  }
}

class AvroBytes {
  steps = 0;
  depth = 0;
  /** Set when a varint was none. */
  broken = false;
  #body: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;

  begin(body: Buffer, start: number, end: number): void {
    this.#body = body;
    this.#at = start;
    this.#end = end;
    this.depth = 0;
    this.broken = false;
    this.steps = stepsFor(end - start);
  }

  get left(): number {
    return this.#end - this.#at;
  }

  skip(count: number): boolean {
    if (count < 0 || count > this.left) return false;
    this.#at += count;
    return true;
  }

  /** The next byte; -1 at the end. */
  byte(): number {
    return this.#at < this.#end ? (this.#body[this.#at++] ?? -1) : -1;
  }

  /** A zigzag varint of at most 64 bits, exact as far as a double is; `broken` when it is none. */
  long(): number {
    let value = 0;
    let scale = 1;
    for (let length = 0; length < 10; length++) {
      const byte = this.byte();
      if (byte < 0) break;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      scale *= 0x80;
    }
    this.broken = true;
    return 0;
  }
}

function walkOf(type: Type, known: Map<Type, Walk>): Walk {
  const before = known.get(type);
  if (before !== undefined) return before;
  let made: Walk | undefined;
  known.set(type, (bytes) => made?.(bytes));
  made = makeWalk(type, known);
  known.set(type, made);
  return made;
}

function makeWalk(type: Type, known: Map<Type, Walk>): Walk {
  switch (type.typeName) {
    case "null":
      return () => undefined;
    case "boolean":
      return (bytes) => {
        const byte = bytes.byte();
        return byte === 0 || byte === 1 ? undefined : byte < 0 ? short : ": must be boolean";
      };
    case "int":
      return (bytes) => {
        const value = bytes.long();
        return bytes.broken || value < -(2 ** 31) || value >= 2 ** 31 ? ": must be int" : undefined;
      };
    case "long":
      return (bytes) => {
        bytes.long();
        return bytes.broken ? ": must be long" : undefined;
      };
    case "float":
      return (bytes) => (bytes.skip(4) ? undefined : short);
    case "double":
      return (bytes) => (bytes.skip(8) ? undefined : short);
    case "string":
    case "bytes":
      return (bytes) => {
        const count = bytes.long();
        return !bytes.broken && bytes.skip(count) ? undefined : `: must be ${type.typeName}`;
      };
    case "fixed": {
      const { size } = type as types.FixedType;
      return (bytes) => (bytes.skip(size) ? undefined : short);
    }
    case "enum": {
      const count = (type as types.EnumType).symbols.length;
      return (bytes) => {
        const index = bytes.long();
        return !bytes.broken && index >= 0 && index < count ? undefined : ": must be one of its symbols";
      };
    }
    case "array":
      return blocksWalk(walkOf((type as types.ArrayType).itemsType, known), false);
    case "map":
      return blocksWalk(walkOf((type as types.MapType).valuesType, known), true);
    case "record":
    case "error":
      return recordWalk(type as types.RecordType, known);
    default:
      if (type.typeName.startsWith("union:")) return unionWalk((type as types.UnwrappedUnionType).types, known);
      return walkOf((type as types.LogicalType).underlyingType, known);
  }
}

/** Items in blocks, each with its count, and its bytes when that is negative; after the last, a 0. */
function blocksWalk(item: Walk, named: boolean): Walk {
  return (bytes) => {
    let index = 0;
    for (;;) {
      let count = bytes.long();
      if (count < 0) {
        count = -count;
        bytes.long();
      }
      if (bytes.broken) return short;
      if (count === 0) return undefined;
      for (; count > 0; count--) {
        // Items of no bytes, such as nulls, are paid for by steps.
        if (--bytes.steps < 0) return tooComplex;
        if (named && (!bytes.skip(bytes.long()) || bytes.broken)) return ": must be map";
        const fault = item(bytes);
        if (fault !== undefined) return `/${index}${fault}`;
        index++;
      }
    }
  };
}

function recordWalk(type: types.RecordType, known: Map<Type, Walk>): Walk {
  const names = type.fields.map(({ name }) => name);
  const walks = type.fields.map((field) => walkOf(field.type, known));
  return (bytes) => {
    if (++bytes.depth > payloadDepthMax) return tooDeep;
    if ((bytes.steps -= names.length + 1) < 0) return tooComplex;
    for (let index = 0; index < walks.length; index++) {
      const fault = walks[index]?.(bytes);
      if (fault !== undefined) return pathStep(names[index] ?? "") + fault;
    }
    bytes.depth--;
    return undefined;
  };
}

function unionWalk(branches: readonly Type[], known: Map<Type, Walk>): Walk {
  const walks = branches.map((branch) => walkOf(branch, known));
  return (bytes) => {
    const index = bytes.long();
    const walk = bytes.broken ? undefined : walks[index];
    return walk === undefined ? `: must be one of ${branches.map((branch) => branch.branchName).join(", ")}` : walk(bytes);
  };
}
