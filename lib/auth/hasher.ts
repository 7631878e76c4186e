/**
 * Slow hashes, one at a time: scrypt on the thread pool, bcrypt (plain JavaScript) in a worker of its own, so that neither stalls the
 * event loop nor fills the pool the store needs. What waits is bounded; beyond it the answer is `busy`.
 */
import { scrypt, timingSafeEqual } from "node:crypto";
import { Worker } from "node:worker_threads";
import type { Random } from "../../store/environment.ts";
import { defaultScryptCost, formatScrypt, scryptHashBytes, scryptMemoryMax, scryptSaltBytes } from "./secret.ts";
import type { ScryptCost, StoredSecret } from "./secret.ts";

export type HashedSecret = Extract<StoredSecret, { kind: "bcrypt" | "scrypt" }>;
export type Verdict = "right" | "wrong" | "busy";

export class Hasher {
  /** How many may wait or be under way. */
  waitingMax: number;
  readonly #random: Random;
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;
  #worker: Worker | undefined;
  /** Takes the worker's answer to the one question it has. */
  #answer: ((right: boolean) => void) | undefined;

  constructor(random: Random, waitingMax: number) {
    this.#random = random;
    this.waitingMax = waitingMax;
  }

  /** How many wait or are under way. */
  get waiting(): number {
    return this.#waiting;
  }

  async verify(given: string, stored: HashedSecret): Promise<Verdict> {
    if (this.#waiting >= this.waitingMax) return "busy";
    const right = await this.#inTurn(() =>
      stored.kind === "scrypt" ? verifyScrypt(given, stored) : this.#verifyBcrypt(given, stored.text),
    );
    return right ? "right" : "wrong";
  }

  /** The given password or token in the form in which it may be kept. */
  hash(given: string, cost: ScryptCost = defaultScryptCost): Promise<string> {
    const salt = Buffer.alloc(scryptSaltBytes);
    this.#random.fill(salt);
    return this.#inTurn(async () => formatScrypt(cost, salt, await derive(given, cost, salt)));
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#answer?.(false);
    await worker?.terminate();
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#tail;
    let done: () => void = () => {};
    this.#tail = new Promise((resolve) => (done = resolve));
    this.#waiting++;
    try {
      await before;
      return await work();
    } finally {
      this.#waiting--;
      done();
      // Started again in a few milliseconds, a thread that idles would cost megabytes.
      if (this.#waiting === 0) void this.close();
    }
  }

  #verifyBcrypt(given: string, hash: string): Promise<boolean> {
    const worker = this.#bcryptWorker();
    worker.ref();
    return new Promise((resolve) => {
      this.#answer = (right) => {
        this.#answer = undefined;
        worker.unref();
        resolve(right);
      };
      worker.postMessage([given, hash]);
    });
  }

  /** A worker that dies answers "wrong", and the next attempt gets a new one. */
  #bcryptWorker(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(new URL("bcrypt-worker.js", import.meta.url));
    const gone = (): void => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#answer?.(false);
    };
    worker.on("message", (right: unknown) => {
      if (this.#worker === worker) this.#answer?.(right === true);
    });
    worker.on("error", gone);
    worker.on("exit", gone);
    this.#worker = worker;
    return worker;
  }
}

async function verifyScrypt(given: string, stored: Extract<StoredSecret, { kind: "scrypt" }>): Promise<boolean> {
  return timingSafeEqual(await derive(given, stored.cost, stored.salt), stored.hash);
}

function derive(given: string, cost: ScryptCost, salt: Buffer): Promise<Buffer> {
  const options = { N: cost.n, r: cost.r, p: cost.p, maxmem: scryptMemoryMax + 1024 * 1024 };
  return new Promise((resolve, reject) => {
    scrypt(given, salt, scryptHashBytes, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
