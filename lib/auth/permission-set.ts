/**
 * Permission rules compiled to tests over subject bytes. One object per set of rules, shared by all connections of the user; the
 * verdict on a publish is remembered on the subject's entry for as long as the same set asks.
 *
 * A filter from a client is judged by its text: allowed when it is a subset of an allowed filter, denied when a denied filter matches
 * its tokens taken literally (so `foo.*` denies `foo.*` and `foo.>`, as in NATS).
 */
import { compileFilter, filterProblem, filtersOverlap, hasWildcard, isSubsetOf } from "../filter.ts";
import type { Message } from "../message.ts";
import type { Subject } from "../router/subject.ts";
import type { SubjectFilterTest } from "../../store/store.ts";
import type { DeliveryFilter, PermissionRules, ResponseRule } from "./permissions.ts";

/** The first token of the subjects by which the broker is administered. Rules that mean it name it: no wildcard covers it. */
export const adminToken = "$WAYSTATION";

const adminSubjects: SubjectFilterTest = compileFilter(`${adminToken}.>`);

/** A subscription rule: a filter, for members of matching queue groups or for everybody. */
interface SubscribeRule {
  readonly test: SubjectFilterTest;
  readonly queue: string | undefined;
}

export class PermissionSet {
  readonly responses: ResponseRule | undefined;
  readonly #publishAllow: readonly SubjectFilterTest[] | undefined;
  /** Of `#publishAllow`, those that name the broker's administration. */
  readonly #publishAdmin: readonly SubjectFilterTest[];
  readonly #publishDeny: readonly SubjectFilterTest[];
  readonly #subscribeAllow: readonly SubscribeRule[] | undefined;
  readonly #subscribeDeny: readonly SubscribeRule[];

  constructor(rules: PermissionRules) {
    this.responses = rules.allowResponses;
    const publish = rules.publish;
    const silent = rules.allowResponses === undefined ? undefined : [];
    this.#publishAllow = publish?.allow?.map(compileFilter) ?? silent;
    this.#publishAdmin = (this.#publishAllow ?? []).filter((test) => namesAdmin(test.text));
    this.#publishDeny = (publish?.deny ?? []).map(compileFilter);
    this.#subscribeAllow = rules.subscribe?.allow?.map(compileRule);
    this.#subscribeDeny = (rules.subscribe?.deny ?? []).map(compileRule);
  }

  mayPublish(subject: Subject): boolean {
    if (subject.permissionSet === this) return subject.permissionVerdict;
    const bytes = subject.bytes;
    const allow = adminSubjects.matches(bytes, 0, bytes.length) ? this.#publishAdmin : this.#publishAllow;
    const verdict =
      (allow === undefined || anyMatches(allow, bytes, 0, bytes.length)) && !anyMatches(this.#publishDeny, bytes, 0, bytes.length);
    subject.permissionSet = this;
    subject.permissionVerdict = verdict;
    return verdict;
  }

  maySubscribe(filter: string, queue: string | undefined): boolean {
    return this.#allowsSubscription(filter, queue) && !this.#deniesSubscription(filter, queue);
  }

  deliveryFilter(filter: string, queue: string | undefined, parentToo = false): DeliveryFilter | undefined {
    if (!hasWildcard(filter)) return undefined;
    const denied = this.#subscribeDeny
      .filter((rule) => concerns(rule, queue) && filtersOverlap(rule.test.text, filter))
      .map((rule) => rule.test);
    if (filtersOverlap(adminSubjects.text, filter) && !namesAdmin(filter)) denied.push(adminSubjects);
    const parent = parentToo && filter.endsWith(".>") ? filter.slice(0, -2) : undefined;
    if (parent !== undefined) {
      if (!this.#allowsSubscription(parent, queue)) denied.push(compileFilter(parent));
      denied.push(
        ...this.#subscribeDeny.filter((rule) => concerns(rule, queue) && filtersOverlap(rule.test.text, parent)).map((rule) => rule.test),
      );
    }
    return denied.length === 0 ? undefined : new DeniedSubjects(denied);
  }

  /** Rules with a queue name decide alone for its filter, where there are any; else the plain ones do. */
  #allowsSubscription(filter: string, queue: string | undefined): boolean {
    const admin = namesAdmin(filter);
    if (this.#subscribeAllow === undefined) return !admin;
    let plain = false;
    let queued = false;
    let queueAllowed = false;
    for (const rule of this.#subscribeAllow) {
      if (!isSubsetOf(filter, rule.test.text) || (admin && !namesAdmin(rule.test.text))) continue;
      if (rule.queue === undefined) plain = true;
      else if (queue !== undefined) {
        queued = true;
        queueAllowed ||= queueMatches(queue, rule.queue);
      }
    }
    return queued ? queueAllowed : plain;
  }

  #deniesSubscription(filter: string, queue: string | undefined): boolean {
    if (this.#subscribeDeny.length === 0) return false;
    const bytes = Buffer.from(filter, "utf8");
    return this.#subscribeDeny.some((rule) => concerns(rule, queue) && rule.test.matches(bytes, 0, bytes.length));
  }
}

/** What is wrong with an entry of a permission list, as a clause; undefined when it is well formed. */
export function permissionProblem(entry: string, queueAllowed: boolean): string | undefined {
  const parts = entry.split(/[ \t]+/);
  if (parts.length > (queueAllowed ? 2 : 1))
    return queueAllowed ? `'${entry}' is not 'subject' or 'subject queue'` : `'${entry}' has a blank`;
  if (parts[1] === "") return `'${entry}' ends with a blank`;
  return filterProblem(parts[0] ?? "");
}

/** Passes everything but the denied. */
class DeniedSubjects implements DeliveryFilter {
  readonly #denied: readonly SubjectFilterTest[];

  constructor(denied: readonly SubjectFilterTest[]) {
    this.#denied = denied;
  }

  holds(message: Message): boolean {
    const { bytes } = message.subject;
    return this.passes(bytes, 0, bytes.length);
  }

  passes(subject: Uint8Array, start: number, end: number): boolean {
    return !anyMatches(this.#denied, subject, start, end);
  }
}

function anyMatches(tests: readonly SubjectFilterTest[], bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = 0; i < tests.length; i++) {
    if (tests[i]?.matches(bytes, start, end) === true) return true;
  }
  return false;
}

function namesAdmin(filter: string): boolean {
  return filter === adminToken || filter.startsWith(`${adminToken}.`);
}

function compileRule(entry: string): SubscribeRule {
  const [filter = "", queue] = entry.split(/[ \t]+/);
  return { test: compileFilter(filter), queue };
}

function concerns(rule: SubscribeRule, queue: string | undefined): boolean {
  return rule.queue === undefined || (queue !== undefined && queueMatches(queue, rule.queue));
}

/** The same name, or a name that the pattern covers (`v1.*`). */
function queueMatches(queue: string, pattern: string): boolean {
  return queue === pattern || (hasWildcard(pattern) && isSubsetOf(queue, pattern));
}
