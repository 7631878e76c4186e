/**
 * What a station of several partitions and its partitions call each other. The station `orders` with three of them is three logs, each a
 * station by itself: `orders$1` … `orders$3`, which capture what is published on `orders$1.>` …; what the station's own filters match
 * goes to the partition of its key. A partition's configuration says whose it is, so that any of them tells all of the family's.
 */
import { Subject } from "../router/subject.ts";
import { stationConfig } from "./config.ts";
import type { StationConfig } from "./config.ts";
import { murmur3 } from "./murmur3.ts";

/** Partitions of one station at most. */
export const partitionsMax = 256;

/** Of the hash that clients of Memphis use, too. */
const seed = 31;

export function partitionName(station: string, number: number): string {
  return `${station}$${number}`;
}

/** The partition, from 1, that a key belongs to among `count`. Remainder 0 is the last one. */
export function partitionOf(key: Uint8Array, start: number, end: number, count: number): number {
  return murmur3(key, start, end, seed) % count || count;
}

/** What partition `number` of the station is. */
export function partitionConfig(family: StationConfig, number: number): StationConfig {
  const name = partitionName(family.name, number);
  const partition = { of: family.name, number, subjects: family.subjects };
  return stationConfig({ ...family, name, subjects: [`${name}.>`], partition });
}

/** The station whose partition this is; undefined when it is none. */
export function familyConfig(member: StationConfig): StationConfig | undefined {
  const { partition } = member;
  if (partition === undefined) return undefined;
  return stationConfig({ ...member, name: partition.of, subjects: partition.subjects, partition: undefined });
}

/** `orders$2` in its two parts; undefined when the name has no number. */
export function splitPartition(name: string): { readonly station: string; readonly number: number } | undefined {
  const at = name.lastIndexOf("$");
  if (at < 1 || !/^\d{1,3}$/.test(name.slice(at + 1))) return undefined;
  return { station: name.slice(0, at), number: Number(name.slice(at + 1)) };
}

const dollar = 0x24;
const dot = 0x2e;

/** The first token of a subject as a partition's name, `orders$2` of `orders$2.final`; undefined for nearly every other subject. */
export function partitionToken(subject: Subject): string | undefined {
  const { bytes } = subject;
  let found = false;
  for (let at = 1; at < bytes.length; at++) {
    if (bytes[at] === dollar) found = true;
    else if (bytes[at] === dot) return found ? bytes.toString("utf8", 0, at) : undefined;
  }
  return undefined;
}
