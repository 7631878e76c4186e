/**
 * MQTT's own part of a tenant: its sessions by client identifier, the messages they need and the retained ones. The two logs are
 * internal stations of the tenant's file store; after a restart sessions are rebuilt from them.
 */
import type { Identity } from "../../lib/auth/identity.ts";
import type { Broker } from "../../lib/broker.ts";
import type { Tenant } from "../../lib/tenant.ts";
import type { GroupSnapshot, Log, LogDefinition } from "../../store/store.ts";
import { Interest } from "./interest.ts";
import type { InterestRecord } from "./interest.ts";
import { KeptMessages, readMeta } from "./kept.ts";
import { progressKind, readProgress } from "./progress.ts";
import type { ProgressState } from "./progress.ts";
import { RetainedMessages } from "./retained.ts";
import { MqttSession, groupName } from "./session.ts";
import type { MqttSettings } from "./settings.ts";
import { mapFilter, parseShare } from "./topic.ts";

/** What is kept of a durable session besides its progress. */
export interface SessionDocument {
  readonly clientId: string;
  readonly user: string;
  readonly expirySeconds: number;
  readonly interests: readonly InterestRecord[];
  /** Milliseconds since the epoch; 0 = connected. */
  readonly disconnectedAtMs: number;
}

export class MqttTenant {
  readonly tenant: Tenant;
  readonly kept: KeptMessages;
  readonly retained: RetainedMessages;
  readonly sessions: Map<string, MqttSession> = new Map();
  readonly #broker: Broker;
  readonly #settings: MqttSettings;

  constructor(broker: Broker, tenant: Tenant, settings: MqttSettings, keptLog: Log, retainedLog: Log) {
    this.#broker = broker;
    this.#settings = settings;
    this.tenant = tenant;
    this.kept = new KeptMessages(broker, tenant, keptLog);
    this.retained = new RetainedMessages(broker, retainedLog);
    keptLog.groupSnapshot = (name) => {
      if (!name.startsWith(groupName(""))) return undefined;
      const session = this.sessions.get(name.slice(groupName("").length));
      return session === undefined ? undefined : encodeState(session.snapshot());
    };
  }

  /** Keeps the session's subscriptions and progress; resolves when durable. */
  save(session: MqttSession, expirySeconds: number, disconnectedAtMs: number): Promise<void> {
    const document: SessionDocument = {
      clientId: session.clientId,
      user: session.user,
      expirySeconds,
      interests: [...session.interests.values()].map((interest) => interest.record),
      disconnectedAtMs,
    };
    return this.kept.log.defineGroup(groupName(session.clientId), JSON.stringify(document), encodeState(session.snapshot()));
  }

  drop(session: MqttSession): Promise<void> {
    session.forget();
    return session.durable ? this.kept.log.dropGroup(groupName(session.clientId)) : Promise.resolve();
  }

  /** Rebuilds the durable sessions. Returns them with their documents, for their expiry to be watched. */
  async recover(
    identityOf: (user: string) => Identity | undefined,
  ): Promise<readonly { readonly session: MqttSession; readonly document: SessionDocument }[]> {
    const recovered: { session: MqttSession; document: SessionDocument }[] = [];
    for (const group of this.kept.log.recoveredGroups) {
      if (!group.name.startsWith(groupName(""))) continue;
      const document = parseDocument(group);
      if (document === undefined) continue;
      const identity = identityOf(document.user);
      const session = new MqttSession(this.#broker, document.clientId, this.#settings, this.kept);
      session.user = document.user;
      // Of a user that is not there now: it waits as it is until the user is there again, or it expires.
      if (identity !== undefined) session.attachment = this.#broker.attach(session, identity);
      for (const record of document.interests) {
        const interest = makeInterest(session, record);
        if (interest !== undefined) session.addInterest(interest);
      }
      if (group.snapshot !== undefined) session.restoreSnapshot(decodeState(group.snapshot));
      this.sessions.set(document.clientId, session);
      recovered.push({ session, document });
    }
    await this.#replayLog(recovered.map(({ session }) => session));
    for (const group of this.kept.log.recoveredGroups) {
      if (!group.name.startsWith(groupName(""))) continue;
      const session = this.sessions.get(group.name.slice(groupName("").length));
      if (session === undefined) continue;
      for (const delta of group.deltas) replayDelta(session, delta);
    }
    return recovered;
  }

  /** Gives every session the messages that came after its snapshot; a message nobody needs is removed. */
  async #replayLog(sessions: readonly MqttSession[]): Promise<void> {
    const cursor = this.kept.cursor();
    const from = new Map(sessions.map((session) => [session, session.upTo]));
    const receivers: Set<MqttSession> = new Set();
    for (;;) {
      const step = cursor.next();
      if (step === "end") break;
      if (step === "damaged") continue;
      if (step === "loading") {
        await new Promise<void>((resolve) => (cursor.onReady = resolve));
        continue;
      }
      const { view } = cursor;
      const meta = { ...readMeta(view) };
      receivers.clear();
      for (const { session } of this.tenant.router.matchOnce(view.buffer, view.subjectStart, view.subjectEnd).plain) {
        if (session instanceof MqttSession && view.sequence > (from.get(session) ?? Infinity)) receivers.add(session);
      }
      for (const session of receivers) session.enqueueKept(view.sequence, view.buffer, view.subjectStart, view.subjectEnd, meta);
    }
    cursor.close();
  }
}

/** The interest a record describes; undefined when its filter is not well formed. */
export function makeInterest(session: MqttSession, record: InterestRecord): Interest | undefined {
  const share = parseShare(record.topicFilter);
  if (share === "invalid") return undefined;
  const mapped = mapFilter(share === undefined ? record.topicFilter : share.filter);
  return mapped === undefined ? undefined : new Interest(session, record, mapped, share?.group);
}

function replayDelta(session: MqttSession, delta: Uint8Array): void {
  readProgress(delta, (kind, sequence, packetId) => {
    if (kind === progressKind.done) session.replayDone(sequence, packetId);
    else if (kind === progressKind.released) session.replayReleased(sequence, packetId);
    else if (kind === progressKind.inboundBegins) session.inbound.restore(packetId);
    else if (kind === progressKind.inboundEnds) session.inbound.restoreEnd(packetId);
  });
}

function parseDocument(group: GroupSnapshot): SessionDocument | undefined {
  const document: unknown = JSON.parse(group.document);
  return isDocument(document) ? document : undefined;
}

function isDocument(value: unknown): value is SessionDocument {
  return typeof value === "object" && value !== null && "clientId" in value && "interests" in value && Array.isArray(value.interests);
}

function encodeState(state: ProgressState): Uint8Array {
  return Buffer.from(JSON.stringify(state), "utf8");
}

function decodeState(bytes: Uint8Array): ProgressState {
  return JSON.parse(Buffer.from(bytes).toString("utf8")) as ProgressState;
}

const noLimits = { messagesMax: 0, bytesMax: 0, ageMaxMs: 0, messageBytesMax: 0, discardNewPerSubject: false, duplicateWindowMs: 0 };

export function keptDefinition(tenant: string): LogDefinition {
  return internal(`$mqtt/${tenant}/kept`, 0);
}

export function retainedDefinition(tenant: string): LogDefinition {
  return internal(`$mqtt/${tenant}/retained`, 1);
}

function internal(name: string, messagesPerSubjectMax: number): LogDefinition {
  return {
    name,
    document: JSON.stringify({ kind: "mqtt", version: 1 }),
    limits: { ...noLimits, messagesPerSubjectMax, discard: "old" },
    durability: undefined,
    firstSequence: 1,
  };
}
