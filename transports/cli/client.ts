/** A connection to a running broker, made like any client's, and the client's errors turned into sentences that say what to do. */
import { connect, errors, headers } from "@nats-io/transport-node";
import type { MsgHdrs, NatsConnection } from "@nats-io/transport-node";
import { JetStreamApiError } from "@nats-io/jetstream";
import { BrokerError } from "../../lib/errors.ts";
import { usage } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { parseTime } from "./quantity.ts";
import type { Terminal } from "./terminal.ts";

const home = "nats://127.0.0.1:4222";

/** How long a command waits for an answer, milliseconds. */
export function patience(invocation: Invocation): number {
  return parseTime(invocation.value("timeout") ?? "5s", "timeout");
}

/** Connects, runs `work`, and closes whatever happens. */
export async function withBroker(
  invocation: Invocation,
  terminal: Terminal,
  work: (broker: NatsConnection) => Promise<number>,
): Promise<number> {
  const server = invocation.value("server") ?? terminal.env["WAYSTATION_SERVER"] ?? home;
  const broker = await open(invocation, terminal, server);
  try {
    const code = await work(broker);
    await broker.drain();
    return code;
  } catch (error) {
    throw explained(error, server);
  } finally {
    if (!broker.isClosed()) await broker.close();
  }
}

async function open(invocation: Invocation, terminal: Terminal, server: string): Promise<NatsConnection> {
  const user = invocation.value("user") ?? terminal.env["WAYSTATION_USER"];
  const pass = invocation.value("pass") ?? terminal.env["WAYSTATION_PASS"];
  const token = invocation.value("token") ?? terminal.env["WAYSTATION_TOKEN"];
  const caFile = invocation.value("tls-ca");
  try {
    return await connect({
      servers: server,
      name: "waystation command",
      timeout: patience(invocation),
      reconnect: false,
      ...(user === undefined ? {} : { user }),
      ...(pass === undefined ? {} : { pass }),
      ...(token === undefined ? {} : { token }),
      ...(caFile === undefined ? {} : { tls: { caFile } }),
    });
  } catch (error) {
    throw explained(error, server);
  }
}

/** Watches for what the broker refuses without an answer of its own: a publish that is not permitted. */
export class Refusals {
  #first: Error | undefined = undefined;

  constructor(broker: NatsConnection) {
    void this.#watch(broker);
  }

  /** Call after a flush: everything refused before is known then. */
  async throwIfAny(): Promise<void> {
    // The client tells of a refusal a few steps after it has read it, and the flush may end sooner.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#first !== undefined) throw this.#first;
  }

  async #watch(broker: NatsConnection): Promise<void> {
    for await (const status of broker.status()) {
      if (status.type === "error" && status.error instanceof errors.PermissionViolationError) this.#first ??= status.error;
    }
  }
}

/** The answer to "what now" of whatever the client threw. */
export function explained(error: unknown, server: string): unknown {
  if (error instanceof BrokerError) return error;
  const cause = { cause: error };
  if (error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError) {
    return new BrokerError("unauthenticated", `${server} does not let this user in: check --user and --pass, or --token`, cause);
  }
  if (error instanceof errors.PermissionViolationError) {
    return new BrokerError(
      "denied",
      `the user may not ${error.operation === "publish" ? "publish to" : "subscribe to"} ${error.subject}: give it the permission, or choose another --user`,
      cause,
    );
  }
  if (error instanceof JetStreamApiError) return new BrokerError("conflict", `the broker refused: ${error.message}`, cause);
  if (isNoResponders(error))
    return new BrokerError("not_found", "nobody answers there: check the subject, or start who should answer", cause);
  if (error instanceof errors.TimeoutError)
    return new BrokerError("timeout", `${server} did not answer in time: try again, or wait longer with --timeout`, cause);
  if (error instanceof errors.InvalidSubjectError || error instanceof errors.InvalidArgumentError) return usage(error.message);
  if (error instanceof errors.ConnectionError || error instanceof errors.ClosedConnectionError || isSystemError(error)) {
    return new BrokerError(
      "closed",
      `no connection to ${server}: is a broker running there? start one with 'waystation serve', or name it with --server`,
      cause,
    );
  }
  return error;
}

/** Nobody listens on the subject. The JetStream client has a name of its own for it and exports no class. */
export function isNoResponders(error: unknown): boolean {
  if (error instanceof Error && error.name === "JetStreamNotEnabled") return true;
  return error instanceof errors.NoRespondersError || (error instanceof errors.RequestError && error.isNoResponders());
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}

/** The headers of `--header NAME:VALUE`, undefined when there are none. */
export function headersOf(invocation: Invocation): MsgHdrs | undefined {
  const lines = invocation.values("header");
  if (lines.length === 0) return undefined;
  const block = headers();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon <= 0) throw usage(`--header is NAME:VALUE, not '${line}'`);
    block.append(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return block;
}
