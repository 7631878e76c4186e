/**
 * The runs of one log: where its records lie in segment files, in order of sequence. Kept as columns of numbers, because a store
 * may have hundreds of thousands of runs and must open within a second.
 */
import { lowerBound } from "./segment-format.ts";

export interface Run {
  readonly segment: number;
  /** Where the blocks start in the file, and how long they are; index and subjects follow. */
  readonly offset: number;
  readonly blockBytes: number;
  readonly indexBytes: number;
  readonly subjectsBytes: number;
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly firstTimeUs: number;
  readonly lastTimeUs: number;
  /** Message ids and records with a time to live that `subjects` tells of. */
  readonly ids: number;
  readonly ttls: number;
}

export const runFields = 12;
const firstAt = 5;
const lastAt = 6;

export class RunTable {
  /** `runFields` numbers a run. */
  #numbers: number[] = [];
  #lasts: number[] = [];

  get length(): number {
    return this.#lasts.length;
  }

  at(index: number): Run {
    const numbers = this.#numbers;
    const at = index * runFields;
    return {
      segment: numbers[at]!,
      offset: numbers[at + 1]!,
      blockBytes: numbers[at + 2]!,
      indexBytes: numbers[at + 3]!,
      subjectsBytes: numbers[at + 4]!,
      first: numbers[at + 5]!,
      last: numbers[at + 6]!,
      count: numbers[at + 7]!,
      firstTimeUs: numbers[at + 8]!,
      lastTimeUs: numbers[at + 9]!,
      ids: numbers[at + 10]!,
      ttls: numbers[at + 11]!,
    };
  }

  /** Writes the numbers of all runs, `runFields` each. */
  writeTo(view: DataView, at: number): void {
    const numbers = this.#numbers;
    for (let index = 0; index < numbers.length; index++) view.setFloat64(at + index * 8, numbers[index]!, true);
  }

  /** Reads the numbers of a run and adds it where it belongs: nearly always at the end. */
  readFrom(view: DataView, at: number): void {
    const first = view.getFloat64(at + firstAt * 8, true);
    const last = view.getFloat64(at + lastAt * 8, true);
    const runs = this.#lasts.length;
    if (runs > 0 && this.#lasts[runs - 1]! >= first) {
      this.#insertFrom(view, at, first, last);
      return;
    }
    for (let field = 0; field < runFields; field++) this.#numbers.push(view.getFloat64(at + field * 8, true));
    this.#lasts.push(last);
  }

  /** A compacted run takes the place of the one it was made from. */
  #insertFrom(view: DataView, at: number, first: number, last: number): void {
    const numbers: number[] = [];
    for (let field = 0; field < runFields; field++) numbers.push(view.getFloat64(at + field * 8, true));
    const index = this.find(first);
    this.#numbers.splice(index * runFields, 0, ...numbers);
    this.#lasts.splice(index, 0, last);
  }

  /** Bytes of the run in its file. */
  bytes(index: number): number {
    const at = index * runFields;
    return this.#numbers[at + 2]! + this.#numbers[at + 3]! + this.#numbers[at + 4]!;
  }

  /** Where the run ends in its file. */
  end(index: number): number {
    return this.#numbers[index * runFields + 1]! + this.bytes(index);
  }

  lastTimeUs(index: number): number {
    return this.#numbers[index * runFields + 9]!;
  }

  ids(index: number): number {
    return this.#numbers[index * runFields + 10]!;
  }

  ttls(index: number): number {
    return this.#numbers[index * runFields + 11]!;
  }

  segment(index: number): number {
    return this.#numbers[index * runFields]!;
  }

  first(index: number): number {
    return this.#numbers[index * runFields + 5]!;
  }

  count(index: number): number {
    return this.#numbers[index * runFields + 7]!;
  }

  last(index: number): number {
    return this.#lasts[index]!;
  }

  /** Index of the first run whose last sequence is ≥ `sequence`; `length` when none. */
  find(sequence: number): number {
    return lowerBound(this.#lasts, sequence);
  }

  push(run: Run): void {
    this.#numbers.push(
      run.segment,
      run.offset,
      run.blockBytes,
      run.indexBytes,
      run.subjectsBytes,
      run.first,
      run.last,
      run.count,
      run.firstTimeUs,
      run.lastTimeUs,
      run.ids,
      run.ttls,
    );
    this.#lasts.push(run.last);
  }

  /** Index of the run at this place, -1 when there is none. */
  indexOf(segment: number, offset: number): number {
    const numbers = this.#numbers;
    for (let index = 0, at = 0; index < this.#lasts.length; index++, at += runFields) {
      if (numbers[at] === segment && numbers[at + 1] === offset) return index;
    }
    return -1;
  }

  /** Puts `run` in the place of another, or removes it. */
  replace(index: number, run: Run | undefined): void {
    if (run === undefined) {
      this.#numbers.splice(index * runFields, runFields);
      this.#lasts.splice(index, 1);
      return;
    }
    const table = new RunTable();
    table.push(run);
    this.#numbers.splice(index * runFields, runFields, ...table.#numbers);
    this.#lasts[index] = run.last;
  }

  /** Puts `run` before the one at `index`. */
  insert(index: number, run: Run): void {
    const table = new RunTable();
    table.push(run);
    this.#numbers.splice(index * runFields, 0, ...table.#numbers);
    this.#lasts.splice(index, 0, run.last);
  }

  /** Removes and returns the runs that end below `sequence`. */
  takeBelow(sequence: number): Run[] {
    const count = this.find(sequence);
    const gone: Run[] = [];
    for (let index = 0; index < count; index++) gone.push(this.at(index));
    this.#numbers.splice(0, count * runFields);
    this.#lasts.splice(0, count);
    return gone;
  }
}

/** Bytes of a run in its file. */
export function runBytes(run: Run): number {
  return run.blockBytes + run.indexBytes + run.subjectsBytes;
}
