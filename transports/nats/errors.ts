/**
 * What the server says when something is wrong, word for word: clients recognise these texts by substring. `closes` tells whether
 * the connection ends after it.
 */

import type { EndReason } from "../carriages/connection.ts";

export interface ErrorText {
  readonly text: string;
  readonly closes: boolean;
}

/** The connection ends after it. */
export interface ClosingError extends ErrorText {
  readonly closes: true;
}

export const errorTexts = {
  authorizationViolation: { text: "Authorization Violation", closes: true },
  authenticationTimeout: { text: "Authentication Timeout", closes: true },
  authenticationExpired: { text: "User Authentication Expired", closes: true },
  accountExpired: { text: "Account Authentication Expired", closes: true },
  authenticationRevoked: { text: "User Authentication Revoked", closes: true },
  connectionsExceeded: { text: "maximum connections exceeded", closes: true },
  tenantConnectionsExceeded: { text: "maximum account active connections exceeded", closes: true },
  payloadViolation: { text: "Maximum Payload Violation", closes: true },
  controlLineExceeded: { text: "maximum control line exceeded", closes: true },
  unknownOperation: { text: "Unknown Protocol Operation", closes: true },
  staleConnection: { text: "Stale Connection", closes: true },
  invalidProtocol: { text: "invalid client protocol", closes: true },
  noRespondersNeedsHeaders: { text: "no responders requires headers support", closes: true },
  invalidSubject: { text: "Invalid Subject", closes: false },
  invalidPublishSubject: { text: "Invalid Publish Subject", closes: false },
  subscriptionsExceeded: { text: "maximum subscriptions exceeded", closes: false },
} as const;

/** Why a connection ends that is told this, for carriages that have a word for it. */
export function endReasonOf(error: ClosingError): EndReason {
  switch (error) {
    case errorTexts.payloadViolation:
    case errorTexts.controlLineExceeded:
      return "too_large";
    case errorTexts.unknownOperation:
    case errorTexts.invalidProtocol:
    case errorTexts.noRespondersNeedsHeaders:
      return "protocol";
    case errorTexts.connectionsExceeded:
    case errorTexts.tenantConnectionsExceeded:
      return "busy";
    default:
      return "denied";
  }
}

const endedTexts: ReadonlyMap<ErrorText, string> = new Map<ErrorText, string>([
  [errorTexts.authorizationViolation, "Authentication Failure"],
  [errorTexts.authenticationTimeout, "Authentication Timeout"],
  [errorTexts.authenticationExpired, "Authentication Expired"],
  [errorTexts.accountExpired, "Account Expired"],
  [errorTexts.authenticationRevoked, "Credentials Revoked"],
  [errorTexts.connectionsExceeded, "Maximum Connections Exceeded"],
  [errorTexts.tenantConnectionsExceeded, "Maximum Account Connections Exceeded"],
  [errorTexts.payloadViolation, "Maximum Message Payload Exceeded"],
  [errorTexts.controlLineExceeded, "Maximum Control Line Exceeded"],
  [errorTexts.staleConnection, "Stale Connection"],
]);

/** What monitoring calls an end with these words. */
export function endedTextOf(error: ClosingError): string {
  return endedTexts.get(error) ?? "Protocol Violation";
}

export function publishViolation(subject: string): string {
  return `Permissions Violation for Publish to "${subject}"`;
}

export function replyViolation(reply: string): string {
  return `Permissions Violation for Publish with Reply of "${reply}"`;
}

export function subscriptionViolation(filter: string, queue: string | undefined): string {
  const base = `Permissions Violation for Subscription to "${filter}"`;
  return queue === undefined ? base : `${base} using queue "${queue}"`;
}

/** A permission lost while the subscription lived. */
export function subscriptionLost(filter: string, queue: string | undefined, sid: string): string {
  return `${subscriptionViolation(filter, queue)} (sid "${sid}")`;
}

export function errorLine(text: string): string {
  return `-ERR '${text}'\r\n`;
}
