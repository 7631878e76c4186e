/**
 * What an expression can come to: the values of JSON, or one of two faults. Numbers are doubles, as in JSON; there are no integers
 * apart, so `7 / 2` is 3.5. Times are milliseconds since the epoch and durations milliseconds.
 */
import { isDeepStrictEqual } from "node:util";

/** A field, header or element that is not there. */
export const missing: unique symbol = Symbol("missing");
/** Operands of the wrong kind, a division by zero, a body that is no JSON, a result past its bound. */
export const failed: unique symbol = Symbol("failed");
export type Fault = typeof missing | typeof failed;

export type JsonObject = { readonly [name: string]: Value };
export type Value = null | boolean | number | string | readonly Value[] | JsonObject | Fault;

/** A text or list made by `+` is at most so long. */
const textLengthMax: number = 1024 * 1024;
const listLengthMax = 10_000;

export function isFault(value: Value): value is Fault {
  return typeof value === "symbol";
}

/** What two operands that are not as they should be come to: the fault that was there, else `failed`. */
export function faultOf(left: Value, right: Value): Fault {
  if (isFault(left)) return left;
  return isFault(right) ? right : failed;
}

/** Values of different kinds are unequal. Neither is a fault. */
export function equalValues(left: Value, right: Value): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  return isDeepStrictEqual(left, right);
}

/** A field of a JSON object; names that every object inherits count only when they are its own. Of anything else every field is missing. */
export function fieldOf(value: Value, name: string): Value {
  if (value === failed) return failed;
  return isObject(value) && Object.hasOwn(value, name) ? (value[name] ?? null) : missing;
}

export function elementOf(value: Value, index: Value): Value {
  if (isFault(value) || isFault(index)) return faultOf(value, index);
  if (typeof index === "string") return fieldOf(value, index);
  if (typeof index !== "number" || !isList(value)) return failed;
  return value[index] ?? (index in value ? null : missing);
}

export function isObject(value: Value): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** CEL counts characters, not the halves of those beyond the first 65,536. */
export function sizeOf(value: Value): Value {
  if (typeof value === "string") {
    let size = value.length;
    for (let i = 0; i < value.length - 1; i++) {
      const code = value.charCodeAt(i);
      if (code >= 0xd800 && code < 0xdc00) {
        size--;
        i++;
      }
    }
    return size;
  }
  if (isFault(value)) return value;
  if (isList(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : failed;
}

/** `item in container`: an element of a list, a name of an object. */
export function isIn(item: Value, container: Value): Value {
  if (isFault(item) || isFault(container)) return faultOf(item, container);
  if (isList(container)) return container.some((each) => equalValues(each, item));
  if (!isObject(container)) return failed;
  return typeof item === "string" ? Object.hasOwn(container, item) : false;
}

export function sum(left: Value, right: Value): Value {
  if (typeof left === "number" && typeof right === "number") return left + right;
  if (typeof left === "string" && typeof right === "string") {
    return left.length + right.length > textLengthMax ? failed : left + right;
  }
  if (isList(left) && isList(right)) return left.length + right.length > listLengthMax ? failed : [...left, ...right];
  return faultOf(left, right);
}
