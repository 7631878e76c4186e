/** `/subsz`: the routing indexes of all tenants, and page by page what is in them. */
import { compileFilter, parseSubject } from "../../lib/filter.ts";
import type { Router } from "../../lib/router/router.ts";
import type { Subscription } from "../../lib/subscription.ts";
import type { Tenant } from "../../lib/tenant.ts";
import { timeText } from "../nats/jetstream/json.ts";
import type { Monitor } from "./monitor.ts";
import { flagOf, pageOf, QueryError, textOf } from "./query.ts";
import type { Page, Query } from "./query.ts";

export interface SubszOptions extends Page {
  readonly list: boolean;
  /** `""` = every tenant. */
  readonly tenant: string;
  /** Only what this subject would reach; `""` = everything. */
  readonly subject: string;
}

const limitDefault = 1_024;

export function subszOptions(query: Query): SubszOptions {
  const subject = textOf(query, "test");
  if (subject !== "" && parseSubject(subject) === undefined) {
    throw new QueryError(`invalid test subject, must be valid publish subject: ${subject}`);
  }
  return { ...pageOf(query, limitDefault), list: flagOf(query, "subs"), tenant: textOf(query, "acc"), subject };
}

/** What a tenant's routing index says of itself. */
export interface RoutingStats {
  readonly num_subscriptions: number;
  readonly num_cache: number;
  readonly num_inserts: number;
  readonly num_removes: number;
  readonly num_matches: number;
  readonly cache_hit_rate: number;
  readonly max_fanout: number;
  readonly avg_fanout: number;
}

export function routingStats(tenants: readonly Tenant[]): RoutingStats {
  const sum = (read: (router: Router) => number): number => tenants.reduce((total, { router }) => total + read(router), 0);
  const matched = tenants.reduce((total, tenant) => total + tenant.messagesIn, 0);
  const fanout = { subjects: 0, receivers: 0, max: 0 };
  for (const { router } of tenants) {
    const one = router.cachedFanout();
    fanout.subjects += one.subjects;
    fanout.receivers += one.receivers;
    fanout.max = Math.max(fanout.max, one.max);
  }
  return {
    num_subscriptions: sum((router) => router.count),
    num_cache: sum((router) => router.subjectCount),
    num_inserts: sum((router) => router.inserted),
    num_removes: sum((router) => router.inserted - router.count),
    num_matches: matched,
    cache_hit_rate: matched === 0 ? 0 : Math.max(0, 1 - sum((router) => router.walks) / matched),
    max_fanout: fanout.max,
    avg_fanout: fanout.subjects === 0 ? 0 : fanout.receivers / fanout.subjects,
  };
}

export function subsz(monitor: Monitor, options: SubszOptions): object {
  const all = [...monitor.opened.broker.tenants.values()];
  const tenants = options.tenant === "" ? all : all.filter(({ name }) => name === options.tenant);
  const { offset, limit } = options;
  const page: object[] = [];
  let total = 0;
  if (options.list || options.subject !== "") {
    const bytes = Buffer.from(options.subject, "utf8");
    for (const tenant of tenants) {
      for (const subscription of tenant.router.subscriptions()) {
        if (options.subject !== "" && !compileFilter(subscription.filter).matches(bytes, 0, bytes.length)) continue;
        if (options.list && total >= offset && page.length < limit) page.push(shown(tenant, subscription));
        total++;
      }
    }
  }
  return {
    server_id: monitor.opened.nats.serverInfo.serverId,
    now: timeText(monitor.nowUs),
    ...routingStats(tenants),
    total,
    offset,
    limit,
    ...(page.length === 0 ? {} : { subscriptions_list: page }),
  };
}

function shown(tenant: Tenant, subscription: Subscription): object {
  return {
    account: tenant.name,
    account_tag: tenant.name,
    subject: subscription.filter,
    ...(subscription.queue === undefined ? {} : { qgroup: subscription.queue }),
    sid: String(subscription.label),
    msgs: subscription.delivered,
    ...(subscription.deliveredMax === 0 ? {} : { max: subscription.deliveredMax }),
    cid: subscription.session.id,
  };
}
