/**
 * From the greeting to the moment a client is somebody: INFO, the TLS handshake, CONNECT, authentication. Says what the session is to
 * become; the session does the rest. The order of checks is nats-server's.
 */
import type { Identity } from "../../lib/auth/identity.ts";
import type { Connection } from "../carriages/connection.ts";
import { connectDefaults, parseConnect, showsCredentials } from "./connect-options.ts";
import type { ConnectOptions } from "./connect-options.ts";
import { errorTexts } from "./errors.ts";
import type { ClosingError } from "./errors.ts";
import { infoLine } from "./info.ts";
import type { ClientInfo } from "./info.ts";
import type { DoorTls, SessionHost } from "./session-host.ts";

/** The session, as its admission sees it. */
export interface Applicant {
  readonly id: number;
  readonly connection: Connection;
  send(text: string): void;
  /** What was sent leaves now, before the connection becomes another. */
  flush(): void;
  /** It is `identity`. `options` undefined: without having said CONNECT, because it needs to show nothing. */
  admit(identity: Identity, options: ConnectOptions | undefined): void;
  /** CONNECT must come first. */
  requireConnect(): void;
  /** Ends with these words, or without any. */
  refuse(error: ClosingError | undefined): void;
  /** Frames wait while it is being decided who it is. */
  setDeciding(deciding: boolean): void;
}

/** The first byte of a TLS connection. */
const tlsHandshakeRecord = 0x16;

export class Admission {
  /** What INFO asked the client to sign; `""` when keys are not asked for. */
  readonly nonce: string;
  /** As CONNECT said, or what holds without it. */
  options: ConnectOptions;
  readonly #host: SessionHost;
  readonly #applicant: Applicant;
  readonly #tls: DoorTls | undefined;
  #connected: boolean;
  #firstPongSent: boolean;
  #awaitsTls: boolean;
  #deciding: boolean;
  #ageMs: number;

  /** `tls`: what this connection's carriage is to be upgraded to. */
  constructor(host: SessionHost, applicant: Applicant, tls: DoorTls | undefined) {
    this.nonce = host.authentication.asksForKeys ? makeNonce(host) : "";
    this.options = connectDefaults;
    this.#host = host;
    this.#applicant = applicant;
    this.#tls = tls;
    this.#connected = false;
    this.#firstPongSent = false;
    this.#awaitsTls = false;
    this.#deciding = false;
    this.#ageMs = 0;
  }

  /** CONNECT has been accepted. */
  get connected(): boolean {
    return this.#connected;
  }

  /** Greets. With `refusal` it says that instead and ends. */
  start(refusal: ClosingError | undefined): void {
    const tls = this.#tls;
    if (tls === undefined || refusal !== undefined) {
      this.#greet();
      if (refusal !== undefined) this.#applicant.refuse(refusal);
    } else if (tls.mode === "first") {
      this.#upgrade(tls, undefined, () => this.#greet());
    } else {
      this.#greet();
      if (tls.mode === "available") this.#awaitsTls = true;
      else this.#upgrade(tls, undefined, () => {});
    }
  }

  /** The first bytes tell whether a client wants TLS where it is only available. True: they were for that. */
  takesForTls(chunk: Buffer): boolean {
    if (!this.#awaitsTls) return false;
    this.#awaitsTls = false;
    if (this.#tls === undefined || chunk[0] !== tlsHandshakeRecord) return false;
    this.#upgrade(this.#tls, chunk, () => {});
    return true;
  }

  connect(text: string): void {
    const options = parseConnect(text);
    if (options === undefined) {
      this.#applicant.refuse(undefined);
      return;
    }
    const { peerCertificate, remoteAddress, shown } = this.#applicant.connection;
    // What CONNECT itself shows counts; else what came before it, such as a cookie.
    const { user, password, token } = showsCredentials(options) || shown === undefined ? options : shown;
    this.options = options;
    const authentication = this.#host.authentication;
    if (authentication.anonymous !== undefined && !showsCredentials(options) && shown === undefined) {
      this.#accept(authentication.anonymous);
      return;
    }
    this.#deciding = true;
    this.#applicant.setDeciding(true);
    void authentication
      .authenticate({
        user,
        password,
        token,
        nkey: options.nkey,
        signature: options.signature,
        nonce: this.nonce,
        jwt: options.jwt,
        certificate: peerCertificate,
        remoteAddress,
      })
      .then((identity) => {
        if (!this.#deciding) return;
        this.#deciding = false;
        if (identity === undefined) this.#applicant.refuse(errorTexts.authorizationViolation);
        else this.#accept(identity);
        this.#applicant.setDeciding(false);
      });
  }

  /** After the first PONG that follows CONNECT a client that takes INFO at any time learns what it has become. */
  ponged(identity: Identity | undefined): void {
    if (!this.#connected || this.#firstPongSent) return;
    this.#firstPongSent = true;
    if (this.options.protocol >= 1) this.#sendInfo(identity);
  }

  /** The door is about to close: a client that takes INFO at any time is told to go elsewhere. */
  announceLameDuck(identity: Identity | undefined): void {
    if (this.#connected && this.options.protocol >= 1) this.#sendInfo(identity);
  }

  /** True when it has taken too long to say who it is; how long it then takes to find out is not its fault. */
  overdue(elapsedMs: number): boolean {
    if (this.#deciding) return false;
    this.#ageMs += elapsedMs;
    return this.#ageMs > this.#host.limits.authTimeoutMs;
  }

  /** The session ends: a decision still to come is nobody's. */
  cancel(): void {
    this.#deciding = false;
  }

  #accept(identity: Identity): void {
    const { protocol, noResponders, headers } = this.options;
    if (protocol !== 0 && protocol !== 1) {
      this.#applicant.refuse(errorTexts.invalidProtocol);
    } else if (noResponders && !headers) {
      this.#applicant.refuse(errorTexts.noRespondersNeedsHeaders);
    } else {
      this.#applicant.admit(identity, this.options);
      this.#connected = true;
    }
  }

  #greet(): void {
    this.#sendInfo(undefined);
    const anonymous = this.#host.authentication.anonymous;
    // Who needs to show nothing may publish without CONNECT.
    if (anonymous === undefined) this.#applicant.requireConnect();
    else this.#applicant.admit(anonymous, undefined);
  }

  #upgrade(tls: DoorTls, first: Buffer | undefined, then: () => void): void {
    this.#applicant.flush();
    this.#applicant.connection.upgradeToTls(tls.server, first, () => {
      // The time to authenticate starts when there is something to authenticate over.
      this.#ageMs = 0;
      then();
    });
  }

  #sendInfo(identity: Identity | undefined): void {
    const { serverInfo, authentication } = this.#host;
    const line = infoLine(
      { ...serverInfo, authRequired: authentication.anonymous === undefined },
      {
        clientId: this.#applicant.id,
        clientAddress: this.#applicant.connection.remoteAddress,
        nonce: this.nonce === "" ? undefined : this.nonce,
        tenant: identity?.tenant,
        tls: infoTls(this.#tls),
        lameDuck: this.#host.lameDuck,
      },
    );
    this.#applicant.send(line);
  }
}

function infoTls(tls: DoorTls | undefined): ClientInfo["tls"] {
  if (tls === undefined) return "off";
  if (tls.mode === "available") return "available";
  return tls.server.verifiesClients ? "verify" : "required";
}

function makeNonce(host: SessionHost): string {
  const bytes = new Uint8Array(11);
  host.random.fill(bytes);
  return Buffer.from(bytes).toString("base64url");
}
