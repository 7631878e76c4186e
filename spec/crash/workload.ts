/**
 * Work on a store whose disk may lose power at any moment, and what may be asked of what is left: acknowledged ⊆ recovered ⊆ sent,
 * no gap, no repeat, no group ahead of its log.
 */
import assert from "node:assert/strict";
import type { Disk } from "../../store/disk.ts";
import { FileStore } from "../../store/file-store.ts";
import type { FileStoreLimits } from "../../store/file-store.ts";
import type { Durability, Log } from "../../store/store.ts";
import type { FakeDisk } from "../support/fake-disk.ts";
import { SimClock } from "../support/sim-clock.ts";
import { SimRandom } from "../support/sim-random.ts";
import { StoreDriver, definition, openStore, request } from "../support/store-driver.ts";

export const tinyLimits: Partial<FileStoreLimits> = {
  tailBytesMax: 12 << 10,
  unflushedBytesMax: 24 << 10,
  cacheBytesMax: 64 << 10,
  freeBytesMin: 0,
  ballastBytes: 512,
  savedSubjectsMin: 2,
  journal: { fileBytes: 4 << 10, firstFileBytes: 1 << 10, batchBytes: 1 << 10 },
};

export const folder = "folder";

/** What was asked of one log and what was answered. */
class LogTruth {
  readonly name: string;
  /** At most so many records are kept, the oldest go; 0 = all. */
  readonly messagesMax: number;
  /** Payload by sequence, as sent; acknowledged up to `acked`. */
  readonly sent: string[] = [];
  acked = 0;
  /** Removals sent, in order; the first `removedAcked` are acknowledged. */
  readonly removed: number[] = [];
  removedAcked = 0;
  /** Group progress: sent and acknowledged positions. */
  groupSent = 0;
  groupAcked = 0;
  defined = false;
  dropSent = false;
  dropAcked = false;

  constructor(name: string, messagesMax: number) {
    this.name = name;
    this.messagesMax = messagesMax;
  }

  /** True when the limit may have taken it, once `sent` records were sent. */
  mayBeEvicted(sequence: number, sent: number): boolean {
    return this.messagesMax > 0 && sequence <= sent - this.messagesMax;
  }
}

/** The truth about one log at the moment of a crash. */
interface LogMoment {
  readonly truth: LogTruth;
  readonly sent: number;
  readonly acked: number;
  readonly removed: number;
  readonly removedAcked: number;
  readonly groupSent: number;
  readonly groupAcked: number;
  readonly defined: boolean;
  readonly dropSent: boolean;
  readonly dropAcked: boolean;
}

export type Moment = readonly LogMoment[];

export class Workload {
  readonly disk: FakeDisk;
  readonly durability: Durability;
  driver: StoreDriver = new StoreDriver();
  readonly #random: SimRandom;
  readonly #truths: LogTruth[] = [];
  readonly #logs: Map<LogTruth, Log> = new Map();
  /** Per ticket, what its outcome acknowledges. */
  readonly #acks: (() => void)[] = [];
  #store: FileStore | undefined;
  #last = 0;
  #number = 0;

  constructor(disk: FakeDisk, seed: number, durability: Durability = "always") {
    this.disk = disk;
    this.durability = durability;
    this.#random = new SimRandom(seed);
  }

  get store(): FileStore {
    assert.ok(this.#store !== undefined);
    return this.#store;
  }

  async open(): Promise<void> {
    await this.#open();
    await this.#define();
  }

  /** Closes it cleanly and goes on with what is there then. */
  async reopen(): Promise<void> {
    await this.store.close();
    for (const log of await this.#open()) {
      for (const [truth, before] of this.#logs) {
        if (before.definition.name !== log.definition.name) continue;
        this.#logs.set(truth, log);
        this.#snapshotsOf(log, truth);
        // So that the index of its subjects is loaded, and saved when it is closed.
        await log.subjects(undefined, 0, 1);
      }
    }
  }

  async #open(): Promise<readonly Log[]> {
    this.driver = new StoreDriver();
    this.#acks.length = 0;
    this.driver.onSettled = (outcome): void => {
      if (outcome.kind === "stored") this.#acks[outcome.ticket - 1]?.();
    };
    this.#store = makeStore(this.disk, this.durability);
    return this.#store.open(this.driver);
  }

  #snapshotsOf(log: Log, truth: LogTruth): void {
    log.groupSnapshot = (): Uint8Array | undefined => (this.#random.fraction() < 0.7 ? Buffer.from(String(truth.groupSent)) : undefined);
  }

  /** One random step. Appends are not always waited for. */
  async step(): Promise<void> {
    const choice = this.#random.fraction();
    if (choice < 0.55) await this.#append(1 + Math.floor(this.#random.fraction() * 6));
    else if (choice < 0.65) await this.#append(1, 900 + Math.floor(this.#random.fraction() * 1500));
    else if (choice < 0.75) await this.#remove();
    else if (choice < 0.78) await this.#removeMost();
    else if (choice < 0.9) await this.#saveGroup();
    else if (choice < 0.95) await this.store.checkpoint();
    else if (choice < 0.98) await this.#define();
    else await this.#drop();
  }

  moment(): Moment {
    return this.#truths.map((truth) => ({
      truth,
      sent: truth.sent.length,
      acked: truth.acked,
      removed: truth.removed.length,
      removedAcked: truth.removedAcked,
      groupSent: truth.groupSent,
      groupAcked: truth.groupAcked,
      defined: truth.defined,
      dropSent: truth.dropSent,
      dropAcked: truth.dropAcked,
    }));
  }

  #pick(): { truth: LogTruth; log: Log } | undefined {
    const alive = [...this.#logs].filter(([truth]) => !truth.dropSent);
    const picked = alive[Math.floor(this.#random.fraction() * alive.length)];
    return picked === undefined ? undefined : { truth: picked[0], log: picked[1] };
  }

  async #define(): Promise<void> {
    const truth = new LogTruth(`log-${this.#truths.length}`, this.#truths.length % 3 === 1 ? 12 : 0);
    this.#truths.push(truth);
    const log = await this.store.define(definition(truth.name, { messagesMax: truth.messagesMax }), 0);
    await log.defineGroup("group", "{}", Buffer.from("0"));
    this.#snapshotsOf(log, truth);
    truth.defined = true;
    this.#logs.set(truth, log);
  }

  async #drop(): Promise<void> {
    const picked = this.#pick();
    if (picked === undefined || this.#logs.size < 2) return;
    picked.truth.dropSent = true;
    this.#logs.delete(picked.truth);
    await this.store.drop(picked.log, picked.log.revision);
    picked.truth.dropAcked = true;
  }

  async #append(count: number, size = 20): Promise<void> {
    for (let index = 0; index < count; index++) {
      const picked = this.#pick();
      if (picked === undefined) return;
      const { truth, log } = picked;
      const payload = `${++this.#number} ${"x".repeat(size)}`;
      truth.sent.push(payload);
      const sequence = truth.sent.length;
      this.#acks.push(() => (truth.acked = sequence));
      this.#last = log.append(request(`s.${this.#number % 3}`, payload));
    }
    if (this.#random.fraction() < 0.8) await this.driver.outcome(this.#last);
  }

  async #remove(): Promise<void> {
    const picked = this.#pick();
    if (picked === undefined || picked.truth.acked === 0) return;
    const { truth, log } = picked;
    const sequence = this.#random.fraction() < 0.5 ? log.state.firstSequence : 1 + Math.floor(this.#random.fraction() * truth.acked);
    if (truth.removed.includes(sequence) || sequence > truth.acked) return;
    const count = truth.removed.push(sequence);
    await log.remove({ kind: "sequence", sequence, erase: false });
    truth.removedAcked = count;
  }

  /** Leaves segments half dead, so that they are copied. */
  async #removeMost(): Promise<void> {
    const picked = this.#pick();
    if (picked === undefined) return;
    const { truth, log } = picked;
    for (let sequence = 1; sequence <= truth.acked; sequence++) {
      if (truth.removed.includes(sequence) || this.#random.fraction() < 0.3) continue;
      truth.removed.push(sequence);
      assert.ok(log.removeSequence(sequence) || truth.mayBeEvicted(sequence, truth.sent.length));
    }
    const count = truth.removed.length;
    await this.store.flush();
    truth.removedAcked = count;
    await this.store.checkpoint();
  }

  async #saveGroup(): Promise<void> {
    const picked = this.#pick();
    if (picked === undefined) return;
    const { truth, log } = picked;
    const position = truth.acked;
    truth.groupSent = position;
    this.#acks.push(() => (truth.groupAcked = position));
    this.#last = log.saveGroup("group", Buffer.from(String(position)), true);
    await this.driver.outcome(this.#last);
  }
}

export function makeStore(disk: Disk, durability: Durability): FileStore {
  return new FileStore({ folder, clock: new SimClock(), random: new SimRandom(7), durability, disk, limits: tinyLimits });
}

/** Opens what a crash left and asks for the promises. With `further`, also that work goes on and survives once more. */
export async function check(disk: Disk, moment: Moment, durability: Durability, further: boolean): Promise<void> {
  const store = makeStore(disk, durability);
  const { driver, logs } = await openStore(store);
  assert.equal(driver.fatal, false);
  for (const before of moment) {
    const log = logs.find((each) => each.definition.name === before.truth.name);
    if (log === undefined) {
      assert.ok(!before.defined || before.dropSent, `${before.truth.name} is there after it was defined`);
      continue;
    }
    assert.ok(!before.dropAcked, `${before.truth.name} stays dropped`);
    await checkLog(driver, log, before, durability);
  }
  if (further) await checkFurther(disk, store, driver, logs, moment, durability);
  await store.close();
}

async function checkLog(driver: StoreDriver, log: Log, before: LogMoment, durability: Durability): Promise<void> {
  const { truth } = before;
  const records = await driver.read(log);
  const found = new Map(records.map((record) => [record.sequence, record.payload]));
  assert.equal(found.size, records.length, "no sequence is there twice");
  for (const { sequence, payload } of records) {
    assert.ok(sequence <= before.sent, `${truth.name}/${sequence} was sent`);
    assert.equal(payload, truth.sent[sequence - 1], `${truth.name}/${sequence} holds what was sent`);
  }
  const removed = new Set(truth.removed.slice(0, before.removed));
  const left = (sequence: number): boolean => removed.has(sequence) || truth.mayBeEvicted(sequence, before.sent);
  if (truth.messagesMax > 0) assert.ok(records.length <= truth.messagesMax, `${truth.name} keeps to its limit`);
  if (durability === "always") {
    for (let sequence = 1; sequence <= before.acked; sequence++) {
      assert.ok(found.has(sequence) || left(sequence), `${truth.name}/${sequence} was acknowledged and is there`);
    }
    for (const sequence of truth.removed.slice(0, before.removedAcked)) {
      assert.ok(!found.has(sequence), `${truth.name}/${sequence} was removed and stays away`);
    }
  }
  const last = records.at(-1)?.sequence ?? 0;
  for (let sequence = 1; sequence < last; sequence++) {
    assert.ok(found.has(sequence) || left(sequence), `${truth.name}/${sequence} is no gap`);
  }
  assert.equal(log.state.messages, records.length);
  const subjects = new Map<string, number>();
  for (const { subject } of records) subjects.set(subject, (subjects.get(subject) ?? 0) + 1);
  const page = await log.subjects(undefined, 0, 100);
  assert.deepEqual(
    page.subjects.map(({ subject, messages }) => [subject, messages]),
    [...subjects].sort(([a], [b]) => (a < b ? -1 : 1)),
    `${truth.name} knows its subjects`,
  );
  const group = log.recoveredGroups.find((each) => each.name === "group");
  if (group === undefined) {
    assert.ok(!before.defined, `${truth.name} has its group`);
    return;
  }
  const position = Number(Buffer.from(group.deltas.at(-1) ?? group.snapshot ?? []).toString());
  assert.ok(position <= before.groupSent, `${truth.name}: the group's progress was sent`);
  assert.ok(position <= log.state.lastSequence, `${truth.name}: the group is not ahead of the log`);
  if (durability === "always") assert.ok(position >= before.groupAcked, `${truth.name}: the group's progress is there`);
}

async function checkFurther(
  disk: Disk,
  store: FileStore,
  driver: StoreDriver,
  logs: readonly Log[],
  moment: Moment,
  durability: Durability,
): Promise<void> {
  const expected = new Map<string, string[]>();
  for (const log of logs) {
    const outcome = await driver.append(log, "s.new", "new");
    const shown = moment.find((each) => each.truth.name === log.definition.name)?.acked ?? 0;
    assert.equal(outcome.kind, "stored");
    assert.ok(outcome.sequence > shown, `${log.definition.name}: sequence ${outcome.sequence} was not shown before`);
    expected.set(
      log.definition.name,
      (await driver.read(log)).map((record) => record.payload),
    );
  }
  await store.close();
  const again = makeStore(disk, durability);
  const { driver: reader, logs: reopened } = await openStore(again);
  assert.equal(reopened.length, logs.length);
  for (const log of reopened) {
    const payloads = (await reader.read(log)).map((record) => record.payload);
    assert.deepEqual(payloads, expected.get(log.definition.name));
  }
  assert.deepEqual(reader.faults, []);
  await again.close();
}
