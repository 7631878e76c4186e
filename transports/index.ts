/**
 * The public face of Waystation for programs that embed it, and of the two seams for those who write a transport or a store.
 */
export { createBroker } from "./embedded/embedded-broker.ts";
export type { ConnectAs, CreateBrokerOptions, EmbeddedBroker } from "./embedded/embedded-broker.ts";
export type { Addresses, DoorAddress } from "./open.ts";
export { ProduceError } from "./local/connection.ts";
export type {
  LocalConnection,
  LocalMessage,
  LocalSubscription,
  Produced,
  ProduceOptions,
  PublishOptions,
  SubscribeOptions,
} from "./local/connection.ts";
export type { FetchOptions, LocalDelivery, LocalGroup } from "./local/group.ts";
export { BrokerError, ConfigError } from "../lib/errors.ts";
export type { BrokerErrorCode, ConfigIssue } from "../lib/errors.ts";
export { StationError } from "../lib/station/station-error.ts";
export type { StationConfig } from "../lib/station/config.ts";

// The transport seam.
export { Message } from "../lib/message.ts";
export { Subject } from "../lib/router/subject.ts";
export { Subscription } from "../lib/subscription.ts";
export type { Attachment, CloseReason, PublishOutcome, PublishRefusal, Session } from "../lib/transport.ts";
export type { Identity } from "../lib/auth/identity.ts";

// The store seam.
export { StoreError } from "../store/store.ts";
export type {
  AppendRequest,
  Cursor,
  CursorStep,
  Durability,
  Expectation,
  GroupSnapshot,
  Log,
  LogDefinition,
  LogLimits,
  LogState,
  Outcome,
  OutcomeKind,
  RecordView,
  Removal,
  Sequence,
  Store,
  StoreAbilities,
  StoreErrorCode,
  StoreEvents,
  StoreStatus,
  SubjectCount,
  SubjectFilterTest,
  SubjectPage,
  Ticket,
} from "../store/store.ts";
export type { Clock, Random, Timer } from "../store/environment.ts";

// The stores there are, to build on: on disk, in memory, and over whatever keeps batches of bytes.
export { FileStore } from "../store/file-store.ts";
export type { FileStoreConfig } from "../store/file-store.ts";
export { MemoryStore } from "../store/memory-store.ts";
export type { MemoryStoreOptions } from "../store/memory-store.ts";
export { KeptStore } from "../store/kept-store.ts";
export type { Keeper, KeptStoreOptions } from "../store/kept-store.ts";
