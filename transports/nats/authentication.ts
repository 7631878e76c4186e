/** What the NATS door asks of whoever knows the users. */
import type { Identity } from "../../lib/auth/identity.ts";
import type { PeerCertificate } from "../carriages/connection.ts";

export interface NatsCredentials {
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly token: string | undefined;
  /** A public user key (`U…`), and its signature over `nonce`, base64url. */
  readonly nkey: string | undefined;
  readonly signature: string | undefined;
  readonly nonce: string;
  readonly jwt: string | undefined;
  readonly certificate: PeerCertificate | undefined;
  readonly remoteAddress: string;
}

export interface Authentication {
  /** Who a connection is that shows nothing; undefined = it must show something. */
  readonly anonymous: Identity | undefined;
  /** Send a nonce in INFO, for keys to sign. */
  readonly asksForKeys: boolean;
  /** Undefined = refused. Never rejects. */
  authenticate(credentials: NatsCredentials): Promise<Identity | undefined>;
}
