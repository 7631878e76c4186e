/**
 * Which of the waiting pulls may be served where members have priorities.
 *
 *     overflow      a pull is served only while enough is to come, or unacknowledged, as it demands
 *     pinned        one member at a time: the first to be served is given a pin, and only pulls that show it are served, until it has
 *                   been silent for a while or an operator takes the pin away
 *     prioritized   the lowest level first, in turn among equals
 *
 * A pin lives in memory: after a restart the next member is pinned anew.
 */
import type { Deadline, Deadlines } from "./deadlines.ts";
import type { Pull, PullPriority, PullQueue } from "./pulls.ts";

export type PriorityPolicy = "overflow" | "pinned" | "prioritized";

export interface PriorityConfig {
  readonly policy: PriorityPolicy;
  /** Names a pull may belong to. */
  readonly groups: readonly string[];
  /** A pinned member that does not ask for so long is pinned no more. */
  readonly pinTimeoutMs: number;
}

export type PriorityRefusal = "notOverflow" | "notPinned" | "levelInvalid" | "groupMissing" | "groupUnknown" | "pinMismatch";

/** What the choice depends on besides the pulls. */
export interface PriorityHost {
  readonly outstanding: number;
  readonly ackPending: number;
  makePin(): string;
  /** A member was pinned, or is no more. */
  pinned(group: string, pin: string): void;
  unpinned(group: string, reason: "admin" | "timeout"): void;
  /** Time, since the epoch, microseconds. */
  nowUs(): number;
}

export const levelMax = 9;

/** What a pull says of priorities to a group that has none, or this policy. */
export function checkPriority(asked: PullPriority | undefined, config: PriorityConfig | undefined): PriorityRefusal | undefined {
  if (asked === undefined) return undefined;
  if ((asked.minPending !== 0 || asked.minAckPending !== 0) && config?.policy !== "overflow") return "notOverflow";
  if (asked.pin !== "" && config?.policy !== "pinned") return "notPinned";
  if (asked.level < 0 || asked.level > levelMax) return "levelInvalid";
  if (config === undefined) return undefined;
  if (asked.group === "") return "groupMissing";
  return config.groups.includes(asked.group) ? undefined : "groupUnknown";
}

export class Priority {
  readonly #host: PriorityHost;
  readonly #timer: Deadline;
  readonly #deadlines: Deadlines;
  #config: PriorityConfig;
  #pin = "";
  #pinnedGroup = "";
  #pinnedUs = 0;

  constructor(config: PriorityConfig, deadlines: Deadlines, host: PriorityHost) {
    this.#config = config;
    this.#deadlines = deadlines;
    this.#host = host;
    this.#timer = deadlines.make(() => this.unpin("timeout"));
  }

  configure(config: PriorityConfig): void {
    if (config.policy !== this.#config.policy) this.#forget();
    this.#config = config;
  }

  /** The pin that deliveries carry; `""` = none. */
  get pin(): string {
    return this.#pin;
  }

  /** When it was given, microseconds since the epoch. */
  get pinnedUs(): number {
    return this.#pinnedUs;
  }

  /** Before a pull waits. Who shows the pin is alive. */
  admit(asked: PullPriority | undefined): PriorityRefusal | undefined {
    const refusal = checkPriority(asked, this.#config);
    if (refusal !== undefined || asked === undefined || this.#pin === "" || asked.pin === "") return refusal;
    if (asked.pin !== this.#pin) return "pinMismatch";
    this.#timer.clear();
    this.#timer.set(this.#deadlines.nowMs() + this.#config.pinTimeoutMs);
    return undefined;
  }

  /** Whose turn it is among those that wait; `wrong` ends pulls that show a pin which holds no more. */
  choose(pulls: PullQueue, wrong: (pull: Pull) => void): Pull | undefined {
    if (this.#config.policy === "prioritized") return lowest(pulls);
    for (let left = pulls.ready; left > 0; left--) {
      const pull = pulls.peek();
      if (pull === undefined) return undefined;
      if (this.#config.policy === "overflow") {
        if (this.#overflows(pull.priority)) return pull;
      } else {
        const pin = pull.priority?.pin ?? "";
        if (pin !== "" && pin !== this.#pin) {
          wrong(pull);
          continue;
        }
        if (this.#pin !== "" && pin === this.#pin) return pull;
        if (this.#pin === "") {
          this.#give(pull);
          return pull;
        }
      }
      pulls.rotate();
    }
    return undefined;
  }

  /** It was given the pin just now and gets nothing after all. */
  release(pull: Pull): void {
    if (pull.delivered === 0 && pull.priority?.pin === this.#pin) this.#forget();
  }

  unpin(reason: "admin" | "timeout", group: string = this.#pinnedGroup): void {
    if (this.#pin === "" && reason === "timeout") return;
    this.#forget();
    this.#host.unpinned(group, reason);
  }

  close(): void {
    this.#timer.clear();
  }

  #overflows(asked: PullPriority | undefined): boolean {
    if (asked === undefined || (asked.minPending <= 0 && asked.minAckPending <= 0)) return true;
    if (asked.minPending > 0 && asked.minPending <= this.#host.outstanding) return true;
    return asked.minAckPending > 0 && asked.minAckPending <= this.#host.ackPending;
  }

  #give(pull: Pull): void {
    // Who names no group is served, and pins nobody.
    if (pull.priority === undefined) return;
    this.#pin = this.#host.makePin();
    this.#pinnedGroup = pull.priority.group;
    this.#pinnedUs = this.#host.nowUs();
    pull.priority = { ...pull.priority, pin: this.#pin };
    this.#timer.set(this.#deadlines.nowMs() + this.#config.pinTimeoutMs);
    this.#host.pinned(this.#pinnedGroup, this.#pin);
  }

  #forget(): void {
    this.#pin = "";
    this.#pinnedUs = 0;
    this.#timer.clear();
  }
}

/** The first of the lowest level; who has no level comes last. */
function lowest(pulls: PullQueue): Pull | undefined {
  let best: Pull | undefined;
  for (const pull of pulls.all()) {
    if (!pull.blocked && !pull.sink.gone && (best === undefined || levelOf(pull) < levelOf(best))) best = pull;
  }
  return best;
}

function levelOf(pull: Pull): number {
  return pull.priority?.level ?? levelMax + 1;
}
