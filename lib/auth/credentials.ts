/** What a connection shows to prove who it is; each door fills in what its protocol has. */
import type { ClientCertificate } from "./certificate.ts";

export interface Credentials {
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly token: string | undefined;
  /** A public user key (`U…`), and its signature over `nonce`, base64url. */
  readonly nkey: string | undefined;
  readonly signature: string | undefined;
  /** What the door sent to be signed; `""` when it sent nothing. */
  readonly nonce: string;
  readonly jwt: string | undefined;
  /** Of a peer whose certificate TLS has verified. */
  readonly certificate: ClientCertificate | undefined;
  /** Attempts are counted by it. */
  readonly remoteAddress: string;
}

/** Nothing at all. */
export const noCredentials: Credentials = {
  user: undefined,
  password: undefined,
  token: undefined,
  nkey: undefined,
  signature: undefined,
  nonce: "",
  jwt: undefined,
  certificate: undefined,
  remoteAddress: "",
};
