/**
 * Enhanced authentication (MQTT 5 §4.12) by SCRAM-SHA-256: CONNECT brings the client's first word, AUTH packets the challenge and the
 * proof, and CONNACK, or AUTH at a re-authentication, the server's own proof.
 *
 *   CONNECT first ─▶   ◀─ AUTH 0x18 challenge   AUTH 0x18 proof ─▶   ◀─ CONNACK 0 server's proof
 *   AUTH 0x19 first ─▶ ◀─ AUTH 0x18 challenge   AUTH 0x18 proof ─▶   ◀─ AUTH 0 server's proof
 */
import type { ScramLogin } from "../../lib/auth/authenticator.ts";
import type { Identity } from "../../lib/auth/identity.ts";
import { ScramExchange, parseClientFirst } from "../../lib/auth/scram.ts";
import type { Authentication } from "../nats/authentication.ts";
import { MqttFault, reason } from "./packet/reason.ts";

export const scramMethod = "SCRAM-SHA-256";

/** Who it is, and what the server says last. */
export interface Proven {
  readonly identity: Identity;
  readonly answer: Buffer;
}

export class EnhancedAuthentication {
  readonly #authentication: Authentication;
  readonly #remoteAddress: string;
  #exchange: ScramExchange | undefined;
  #login: ScramLogin | undefined;

  constructor(authentication: Authentication, remoteAddress: string) {
    this.#authentication = authentication;
    this.#remoteAddress = remoteAddress;
  }

  /** Resolves with the challenge, or with the reason code of a refusal. */
  async begin(data: Buffer | undefined): Promise<Buffer | number> {
    const { beginScram, newNonce } = this.#authentication;
    if (beginScram === undefined || newNonce === undefined) return reason.badAuthenticationMethod;
    const first = data === undefined ? undefined : parseClientFirst(data);
    if (first === undefined) return reason.notAuthorized;
    const login = await beginScram.call(this.#authentication, first.user, this.#remoteAddress);
    if (login === undefined) return reason.serverBusy;
    this.#login = login;
    this.#exchange = new ScramExchange(first, login.keys, newNonce.call(this.#authentication));
    return Buffer.from(this.#exchange.challenge, "utf8");
  }

  /** The client's proof; a reason code when it does not hold. Called once. */
  finish(data: Buffer | undefined): Proven | number {
    const answer = data === undefined ? undefined : this.#exchange?.finish(data);
    const identity = this.#login?.judge(answer !== undefined);
    this.#exchange = this.#login = undefined;
    return identity === undefined || answer === undefined ? reason.notAuthorized : { identity, answer: Buffer.from(answer, "utf8") };
  }
}

/** What the dialogue asks of its connection. */
export interface AuthenticationPeer {
  challenge(data: Buffer): void;
  proven(proven: Proven): void;
  refused(reasonCode: number): void;
}

/** The order of AUTH packets on one connection, first login and later ones. What is out of order throws a MqttFault. */
export class AuthenticationDialogue {
  readonly #authentication: EnhancedAuthentication;
  readonly #peer: AuthenticationPeer;
  #stage: "idle" | "beginning" | "challenged" = "idle";

  constructor(authentication: Authentication, remoteAddress: string, peer: AuthenticationPeer) {
    this.#authentication = new EnhancedAuthentication(authentication, remoteAddress);
    this.#peer = peer;
  }

  begin(data: Buffer | undefined): void {
    if (this.#stage !== "idle") throw new MqttFault(reason.protocolError, "an authentication is under way already");
    this.#stage = "beginning";
    this.#authentication.begin(data).then(
      (answer) => {
        if (typeof answer === "number") return this.#peer.refused(answer);
        this.#stage = "challenged";
        this.#peer.challenge(answer);
      },
      () => this.#peer.refused(reason.serverUnavailable),
    );
  }

  goOn(data: Buffer | undefined): void {
    if (this.#stage !== "challenged") throw new MqttFault(reason.protocolError, "AUTH without a challenge to answer");
    this.#stage = "idle";
    const outcome = this.#authentication.finish(data);
    if (typeof outcome === "number") this.#peer.refused(outcome);
    else this.#peer.proven(outcome);
  }
}
