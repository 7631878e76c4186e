/**
 * `STREAM.SNAPSHOT` and `STREAM.RESTORE`: a stream as chunks of bytes, each answered for, so that neither side is overrun. The dialogue is
 * that of nats-server; what the chunks hold is this broker's own (`lib/station/backup.ts`), and means nothing to others.
 */
import { groupDocument } from "../../../lib/consumer/config.ts";
import type { TenantGroups } from "../../../lib/consumer/tenant-groups.ts";
import { filterProblem, hasWildcard } from "../../../lib/filter.ts";
import { beginFrame, endFrame, groupFrame, recordFrame } from "../../../lib/station/backup.ts";
import { notebookName } from "../../../lib/station/notebook.ts";
import { walk } from "../../../lib/station/read.ts";
import type { Restoring } from "../../../lib/station/restoring.ts";
import type { Station } from "../../../lib/station/station.ts";
import type { Api, ApiAnswer, ApiRequest } from "./api.ts";
import { ApiError, apiErrors } from "./errors.ts";
import { count, decodeRequest, encodeAnswer, flag, inner, text, timeText } from "./json.ts";
import { Listener } from "./listener.ts";
import { stationOf, streamConfig, streamConfigFields } from "./stream-config.ts";
import { noDetails, streamState } from "./stream-info.ts";
import { stationApiError } from "./station-refusals.ts";
import { StationError } from "../../../lib/station/station-error.ts";

export interface BackupOptions {
  readonly api: Api;
  readonly groups: TenantGroups;
  readonly nextSessionId: () => number;
  readonly nextId: () => string;
}

const chunkBytesDefault: number = 128 * 1024;
const windowBytesDefault: number = 8 * 1024 * 1024;
/** How long a receiver may take for an acknowledgement, a sender for its next chunk, and anybody to begin to listen. */
const silenceMs = 5_000;
const interestMs = 2_000;
const interestEveryMs = 50;

export function registerBackup(options: BackupOptions): void {
  const { api } = options;
  api.register({
    verb: "STREAM.SNAPSHOT",
    argsMin: 1,
    argsMax: 1,
    type: "stream_snapshot_response",
    handle: (request) => snapshot(options, request),
  });
  api.register({
    verb: "STREAM.RESTORE",
    argsMin: 1,
    argsMax: 1,
    type: "stream_restore_response",
    errorFields: { deliver_subject: "" },
    handle: (request) => restore(options, request),
  });
}

async function snapshot(options: BackupOptions, request: ApiRequest): Promise<ApiAnswer> {
  const { api } = options;
  if (request.payload.length === 0) throw apiErrors.badRequest();
  const station = api.stations.get(request.args[0] ?? "");
  if (station === undefined) throw apiErrors.streamNotFound();
  const fields = { deliver_subject: "string", no_consumers: "bool", chunk_size: "int", window_size: "int", jsck: "bool" } as const;
  const values = decodeRequest(request.payload, fields, "JSApiStreamSnapshotRequest");
  const deliver = text(values, "deliver_subject");
  if (filterProblem(deliver) !== undefined || hasWildcard(deliver)) throw new ApiError(400, 10015, "deliver subject not valid");
  await station.store.flush().catch(() => undefined);
  const chunkBytes = Math.min(Math.max(1024, count(values, "chunk_size") || chunkBytesDefault), 1024 * 1024);
  const windowBytes = Math.min(Math.max(1024, count(values, "window_size") || windowBytesDefault), 32 * 1024 * 1024);
  const sender = new Sender(options, station, deliver, chunkBytes, Math.max(1, Math.floor(windowBytes / chunkBytes)));
  const { state } = await streamState(station, noDetails);
  api.clock.endOfTurn(() => void sender.send(!flag(values, "no_consumers")));
  return { config: streamConfig(station.config, false), state };
}

/** Sends one backup, a window of chunks ahead of the receiver's acknowledgements. */
class Sender {
  readonly #options: BackupOptions;
  readonly #station: Station;
  readonly #deliver: string;
  readonly #chunkBytes: number;
  readonly #acks: Listener;
  readonly #ackSubject: string;
  #free: number;
  #freed: (() => void) | undefined;
  #sent = 0;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;

  constructor(options: BackupOptions, station: Station, deliver: string, chunkBytes: number, window: number) {
    this.#options = options;
    this.#station = station;
    this.#deliver = deliver;
    this.#chunkBytes = chunkBytes;
    this.#free = window;
    this.#ackSubject = `$JS.SNAPSHOT.ACK.${station.name}.${options.nextId()}`;
    this.#acks = new Listener(options.nextSessionId(), options.api.tenant, `${this.#ackSubject}.>`, () => {
      this.#free++;
      this.#freed?.();
    });
  }

  async send(withGroups: boolean): Promise<void> {
    const { api } = this.#options;
    try {
      const status = (await this.#interest()) ? await this.#records(withGroups) : "408 No Interest";
      api.answerStatus(this.#deliver, status);
    } catch (error) {
      api.answerStatus(this.#deliver, `500 ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      this.#acks.stop();
    }
  }

  /** The status to end with. */
  async #records(withGroups: boolean): Promise<string> {
    const { log, name } = this.#station;
    const { api, groups } = this.#options;
    const { lastSequence: last, lastTimeUs } = log.state;
    const first = log.state.messages === 0 ? last + 1 : log.state.firstSequence;
    this.#put(beginFrame(first));
    let [next, records] = [first, 0];
    while (next <= last) {
      let seen = next - 1;
      await walk(api.clock, log, next, undefined, (view) => {
        if (view.sequence > last) {
          seen = last;
          return false;
        }
        seen = view.sequence;
        records++;
        this.#put(recordFrame(view));
        return this.#waitingBytes < this.#chunkBytes;
      });
      next = seen < next ? last + 1 : seen + 1;
      if (!(await this.#flush(false))) return "408 No Flow Response";
    }
    for (const group of withGroups ? (groups.of(name)?.all() ?? []) : []) {
      this.#put(groupFrame({ name: group.name, document: groupDocument(group.config, group.createdUs), snapshot: group.snapshot() }));
    }
    const notes = log.groupSnapshot?.(notebookName);
    if (notes !== undefined) this.#put(groupFrame({ name: notebookName, document: "", snapshot: notes }));
    this.#put(endFrame(records, last, lastTimeUs));
    return (await this.#flush(true)) ? "204" : "408 No Flow Response";
  }

  #put(frame: Buffer): void {
    this.#waiting.push(frame);
    this.#waitingBytes += frame.length;
  }

  /** Sends what makes full chunks, or everything. False when the receiver is silent. */
  async #flush(everything: boolean): Promise<boolean> {
    if (!everything && this.#waitingBytes < this.#chunkBytes) return true;
    const bytes = Buffer.concat(this.#waiting);
    const least = everything ? 1 : this.#chunkBytes;
    let at = 0;
    for (; bytes.length - at >= least; at += this.#chunkBytes) {
      if (this.#free === 0 && !(await this.#room())) return false;
      this.#free--;
      const chunk = bytes.subarray(at, at + this.#chunkBytes);
      this.#options.api.tenant.announce(this.#deliver, chunk, 0, `${this.#ackSubject}.${chunk.length}.${++this.#sent}`);
    }
    const rest = bytes.subarray(Math.min(at, bytes.length));
    this.#waiting = rest.length === 0 ? [] : [rest];
    this.#waitingBytes = rest.length;
    return true;
  }

  #room(): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (room: boolean): void => {
        this.#freed = undefined;
        silence.cancel();
        resolve(room);
      };
      const silence = this.#options.api.clock.after(silenceMs, () => end(false));
      this.#freed = () => end(true);
    });
  }

  /** Somebody listens, or begins to before long. */
  async #interest(): Promise<boolean> {
    const { clock, tenant } = this.#options.api;
    const bytes = Buffer.from(this.#deliver);
    for (let waitedMs = 0; waitedMs <= interestMs; waitedMs += interestEveryMs) {
      const matches = tenant.router.match(tenant.router.resolve(bytes, 0, bytes.length));
      if (matches.plain.length + matches.queues.length > 0) return true;
      await new Promise<void>((resolve) => void clock.after(interestEveryMs, resolve));
    }
    return false;
  }
}

async function restore(options: BackupOptions, request: ApiRequest): Promise<ApiAnswer> {
  const { api } = options;
  if (request.payload.length === 0) throw apiErrors.badRequest();
  const fields = { config: { object: streamConfigFields }, state: "any" } as const;
  const values = decodeRequest(request.payload, fields, "JSApiStreamRestoreRequest");
  const name = request.args[0] ?? "";
  const given = inner(values, "config") ?? {};
  if (text(given, "name") !== "" && text(given, "name") !== name) throw apiErrors.streamNameMismatch();
  if (/[/\\]/.test(name)) throw apiErrors.nameHasSeparators();
  const config = stationOf({ ...given, name }, undefined);
  try {
    api.stations.checkNew(config);
  } catch (error) {
    if (error instanceof StationError && error.code === "exists") {
      throw new ApiError(400, 10130, "stream name already in use, cannot restore");
    }
    throw error;
  }
  const intake = new Intake(options, name);
  const work = api.stations.restore(config, (restoring) => intake.fill(restoring));
  void intake.answer(work);
  return { deliver_subject: intake.subject };
}

/** Takes the chunks of one backup in turn: each is answered when there is room for the next; the empty one ends it. */
class Intake {
  readonly subject: string;
  readonly #options: BackupOptions;
  readonly #listener: Listener;
  readonly #chunks: { readonly payload: Buffer; readonly reply: string }[] = [];
  #came: (() => void) | undefined;
  /** Of the last chunk: where the end is told. */
  #reply = "";

  constructor(options: BackupOptions, stream: string) {
    this.#options = options;
    this.subject = `$JS.SNAPSHOT.RESTORE.${stream}.${options.nextId()}`;
    this.#listener = new Listener(options.nextSessionId(), options.api.tenant, this.subject, (payload, reply) => {
      this.#chunks.push({ payload, reply });
      this.#came?.();
    });
  }

  async fill(restoring: Restoring): Promise<void> {
    for (;;) {
      if (this.#chunks.length === 0 && !(await this.#chunk())) throw new Error("restore is stalled");
      const chunk = this.#chunks.shift();
      if (chunk === undefined) continue;
      this.#reply = chunk.reply;
      if (chunk.reply === "") throw new Error("restore requires reply subject for each chunk");
      if (chunk.payload.length === 0) return;
      await restoring.write(chunk.payload);
      this.#options.api.answer(chunk.reply, "");
    }
  }

  /** Tells the sender of the last chunk what became of it. */
  async answer(work: Promise<Station>): Promise<void> {
    const { api, groups } = this.#options;
    const type = "io.nats.jetstream.api.v1.stream_create_response";
    let answer: object;
    try {
      const station = await work;
      await groups.of(station.name)?.recover();
      const { state } = await streamState(station, noDetails);
      const [created, ts] = [timeText(station.createdUs), timeText(api.clock.nowUs())];
      answer = { type, config: streamConfig(station.config), created, state, ts };
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error);
      const refusal = error instanceof StationError ? stationApiError(error) : new ApiError(500, 10062, `restore failed: ${what}`);
      answer = { type, error: { code: refusal.code, err_code: refusal.errorCode, description: refusal.message } };
    }
    this.#listener.stop();
    if (this.#reply !== "") api.clock.endOfTurn(() => api.answer(this.#reply, encodeAnswer(answer)));
  }

  #chunk(): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (came: boolean): void => {
        this.#came = undefined;
        silence.cancel();
        resolve(came);
      };
      const silence = this.#options.api.clock.after(silenceMs, () => end(false));
      this.#came = () => end(true);
    });
  }
}
