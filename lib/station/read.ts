/**
 * Reads single records of a log at a position, without a group. Records in memory are shown at once, so that an answer can leave in
 * the same turn; others when they have come from disk.
 */
import type { Clock } from "../../store/environment.ts";
import type { Cursor, Log, RecordView, Sequence, SubjectFilterTest } from "../../store/store.ts";

/** What `take` makes of a record; undefined when there is none. */
export type Read<T> = T | undefined | Promise<T | undefined>;

/** Shows the first record from `from` on that passes. The view is valid during `take` only. */
export function readNext<T>(log: Log, from: Sequence, filter: SubjectFilterTest | undefined, take: (view: RecordView) => T): Read<T> {
  const cursor = log.cursor(Math.max(1, from), filter);
  const step = stepTo(cursor);
  if (step !== "loading") return finish(cursor, step, take);
  return new Promise((resolve, reject) => {
    const again = (): void => {
      try {
        const next = stepTo(cursor);
        if (next === "loading") cursor.onReady = again;
        else resolve(finish(cursor, next, take));
      } catch (error) {
        cursor.close();
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    cursor.onReady = again;
  });
}

/** Shows the record with exactly this sequence. */
export function readAt<T>(log: Log, sequence: Sequence, take: (view: RecordView) => T): Read<T> {
  return readNext(log, sequence, undefined, (view) => (view.sequence === sequence ? take(view) : undefined));
}

/** Records shown in one turn; then others run. */
const sliceRecords = 1_024;

/** Shows records from `from` on, in order, until `show` answers false or there are no more. */
export async function walk(
  clock: Clock,
  log: Log,
  from: Sequence,
  filter: SubjectFilterTest | undefined,
  show: (view: RecordView) => boolean,
): Promise<void> {
  const cursor = log.cursor(Math.max(1, from), filter);
  try {
    for (let shown = 1; ; shown++) {
      const step = stepTo(cursor);
      if (step === "end" || (step === "record" && !show(cursor.view))) return;
      if (shown % sliceRecords === 0) await new Promise<void>((resolve) => clock.endOfTurn(resolve));
      if (step === "loading") await new Promise<void>((resolve) => (cursor.onReady = resolve));
    }
  } finally {
    cursor.close();
  }
}

function stepTo(cursor: Cursor): "record" | "end" | "loading" {
  let step = cursor.next();
  while (step === "damaged") step = cursor.next();
  return step;
}

function finish<T>(cursor: Cursor, step: "record" | "end", take: (view: RecordView) => T): T | undefined {
  const taken = step === "record" ? take(cursor.view) : undefined;
  cursor.close();
  return taken;
}
