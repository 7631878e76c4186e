/**
 * What a station knows of its own work after a start: its notebook, completed by a look at the records that came after it was last
 * brought up to date. Sources and schedules wait for `ready`.
 */
import type { RecordView, Sequence } from "../../store/store.ts";
import { headerValue } from "../header-block.ts";
import { Notebook } from "./notebook.ts";
import type { NotebookHost } from "./notebook.ts";
import { walk } from "./read.ts";
import type { Station } from "./station.ts";

const sourcePrefix = "source ";
const schedulePrefix = "schedule ";

export interface Scheduled {
  readonly subject: string;
  readonly sequence: Sequence;
  /** When it is due, microseconds since the epoch; 0 = not computed yet. */
  readonly dueUs: number;
}

export class StationNotes {
  /** Resolved when everything is known. Rejects never: what cannot be read is not known. */
  readonly ready: Promise<void>;
  readonly #notebook: Notebook;

  constructor(station: Station, host: NotebookHost) {
    this.#notebook = new Notebook(station.log, host);
    this.ready = this.#complete(station);
  }

  committed(): void {
    this.#notebook.committed();
  }

  close(): void {
    this.#notebook.close();
  }

  /** The last sequence taken over from a source whose origin was created then; 0 when none. */
  sourceAt(key: string, originCreatedUs: number): Sequence {
    const noted = this.#notebook.get(sourcePrefix + key);
    if (typeof noted !== "string") return 0;
    const [sequence, created] = noted.split(" ").map(Number);
    // An origin of the same name made anew begins at its start.
    return created === 0 || created === originCreatedUs ? (sequence ?? 0) : 0;
  }

  setSource(key: string, sequence: Sequence, originCreatedUs: number): void {
    this.#notebook.set(sourcePrefix + key, `${sequence} ${originCreatedUs}`);
  }

  *schedules(): Generator<Scheduled> {
    for (const [subject, value] of this.#notebook.under(schedulePrefix)) {
      const [sequence = 0, dueUs = 0] = String(value).split(" ").map(Number);
      yield { subject, sequence, dueUs };
    }
  }

  setSchedule(subject: string, sequence: Sequence, dueUs: number): void {
    this.#notebook.set(schedulePrefix + subject, `${sequence} ${dueUs}`);
  }

  forgetSchedule(subject: string): void {
    this.#notebook.delete(schedulePrefix + subject);
  }

  async #complete(station: Station): Promise<void> {
    await this.#notebook.begin();
    const last = station.log.state.lastSequence;
    if (this.#notebook.recoveredUpTo >= last) return;
    await walk(station.clock, station.log, this.#notebook.recoveredUpTo + 1, undefined, (view) => {
      if (view.sequence > last || !station.open) return false;
      if (view.headerBytes > 0) this.#look(view);
      return true;
    });
  }

  #look(view: RecordView): void {
    const { buffer, bodyStart, headerBytes } = view;
    const value = (name: string): string | undefined => headerValue(buffer, bodyStart, bodyStart + headerBytes, name);
    const source = value("Nats-Stream-Source")?.split(" ");
    if (source !== undefined && source.length >= 4) {
      const [origin, sequence, filter, destination, , ident = "0"] = source;
      this.setSource(`${origin} ${filter} ${destination}`, Number(sequence), Number.parseInt(ident, 36));
    }
    if (value("Nats-Schedule") !== undefined) {
      this.setSchedule(buffer.toString("utf8", view.subjectStart, view.subjectEnd), view.sequence, 0);
    }
  }
}
