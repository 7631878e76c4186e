/**
 * Subjects that requests name: well formed, permitted, and captured by the station. What was found of a subject is remembered with the
 * station's filters, because the same few come again with every request.
 */
import type { Identity } from "../../lib/auth/identity.ts";
import { compileFilter, parseSubject } from "../../lib/filter.ts";
import type { StationConfig } from "../../lib/station/config.ts";
import { HttpProblem } from "./problem.ts";
import { demand } from "./router.ts";

/** Subjects of a station remembered; beyond, all are forgotten. */
const knownMax = 1_024;

/** Throws unless it is a subject that may be published to. */
export function checkedSubject(identity: Identity, subject: string): void {
  if (parseSubject(subject) === undefined) {
    throw new HttpProblem(422, "Unprocessable Content", `'${subject}' is no subject: tokens joined by dots, without wildcards and blanks`);
  }
  demand(identity, subject);
}

/** Shared by all requests. */
/** A station, of one partition or of several. */
export interface Taking {
  readonly name: string;
  readonly config: StationConfig;
}

export class CapturedSubjects {
  /** By a station's list of filters, which is another one when it changes: the bytes of subjects that they match. */
  readonly #known: WeakMap<readonly string[], Map<string, Buffer>> = new WeakMap();

  /** The subject's bytes; throws unless it may be published to and the station takes it. */
  bytesOf(identity: Identity, station: Taking, subject: string): Buffer {
    const { subjects } = station.config;
    const found = this.#known.get(subjects)?.get(subject);
    if (found !== undefined) {
      demand(identity, subject);
      return found;
    }
    checkedSubject(identity, subject);
    const bytes = Buffer.from(subject, "utf8");
    if (!subjects.includes(subject) && !subjects.some((filter) => compileFilter(filter).matches(bytes, 0, bytes.length))) {
      const wanted = subjects.join(", ");
      throw new HttpProblem(422, "Unprocessable Content", `station '${station.name}' takes ${wanted}, not '${subject}'`, {
        code: "subject",
      });
    }
    const remembered = this.#known.get(subjects) ?? new Map<string, Buffer>();
    if (remembered.size >= knownMax) remembered.clear();
    this.#known.set(subjects, remembered.set(subject, bytes));
    return bytes;
  }
}

/** Where a message goes that names no subject. */
export function soleSubject(station: Taking): string {
  const [only, ...more] = station.config.subjects;
  if (only !== undefined && more.length === 0 && parseSubject(only) !== undefined) return only;
  const wanted = station.config.subjects.join(", ");
  throw new HttpProblem(422, "Unprocessable Content", `name a subject, by ?subject= or Waystation-Subject: the station takes ${wanted}`);
}
