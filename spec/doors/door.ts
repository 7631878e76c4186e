/** What the suite of every door asks of one: a driver implements it with a client of the protocol. */

/** What a message is told by, at any door. */
export interface Got {
  readonly subject: string;
  readonly text: string;
  /** `""` where the door shows none. */
  readonly key: string;
}

export interface DoorDelivery extends Got {
  /** Delivered before, as far as the door says. */
  readonly again: boolean;
  /** Resolves when it is sent, and where the protocol says so, durable. */
  ack(): Promise<void>;
  nak(): Promise<void>;
}

/** One member of a group. */
export interface DoorMember {
  /** The next delivery; undefined when none comes within `waitMs`. */
  next(waitMs: number): Promise<DoorDelivery | undefined>;
  /** Goes away without a word about what it has. */
  close(): Promise<void>;
}

export interface GroupWishes {
  readonly condition?: string;
  /** After which a delivery comes again; protocols without an ack wait do so when the member comes back. */
  readonly ackWaitMs?: number;
}

export interface DoorClient {
  create(station: string, filter: string): Promise<void>;
  /** Resolves once the broker has said that it is stored. */
  produce(subject: string, text: string, options?: { readonly key?: string; readonly id?: string }): Promise<void>;
  /** A member of a group of the station, which is made when it is not there. The same `member` again is the one who went away. */
  member(station: string, filter: string, group: string, member: string, wishes?: GroupWishes): Promise<DoorMember>;
  /** What the station holds of the filter, in order; `count` of them. */
  replay(station: string, filter: string, count: number): Promise<Got[]>;
  /** True when the broker refuses, and says so, to let this user publish there. */
  isRefused(subject: string): Promise<boolean>;
  close(): Promise<void>;
}

export interface Door {
  readonly name: DoorName;
  connect(user: { readonly user: string; readonly password: string }): Promise<DoorClient>;
}

export const doorNames = [
  "in process",
  "NATS, TCP",
  "WebSocket, uWebSockets.js",
  "WebSocket, ws",
  "MQTT 3.1.1",
  "MQTT 5",
  "HTTP",
  "library",
] as const;
export type DoorName = (typeof doorNames)[number];
