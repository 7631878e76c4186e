import { deepEqual, equal, ok } from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { PermissionSet } from "../../lib/auth/permission-set.ts";
import { Subject } from "../../lib/router/subject.ts";
import { LineClient } from "../support/line-client.ts";
import { findNatsServer, startNatsServer } from "../support/nats-server.ts";
import { SimRandom } from "../support/sim-random.ts";

interface Lists {
  readonly allow: string[] | undefined;
  readonly deny: string[];
}

interface Case {
  readonly user: string;
  readonly publish: Lists;
  readonly subscribe: Lists;
}

const random = new SimRandom(77);

function filter(): string {
  const tokens = Array.from({ length: 1 + random.below(3) }, () => random.pick(["a", "b", "*"]));
  if (random.chance(0.3)) tokens.push(">");
  return tokens.join(".");
}

function lists(queues: boolean): Lists {
  const entry = (): string => (queues && random.chance(0.3) ? `${filter()} ${random.pick(["q1", "q2", "q.*"])}` : filter());
  // An empty allow list is left out: nats-server takes it for none.
  const allow = random.chance(0.6) ? Array.from({ length: 1 + random.below(3) }, entry) : undefined;
  return { allow, deny: Array.from({ length: random.below(3) }, entry) };
}

function configuration(cases: readonly Case[]): string {
  const list = (entries: readonly string[]): string => `[${entries.map((entry) => JSON.stringify(entry)).join(", ")}]`;
  const rules = ({ allow, deny }: Lists): string =>
    `{ ${allow === undefined ? "" : `allow: ${list(allow)},`} ${deny.length === 0 ? "" : `deny: ${list(deny)}`} }`;
  const users = cases.map(
    ({ user, publish, subscribe }) =>
      `{ user: ${user}, password: p, permissions: { publish: ${rules(publish)}, subscribe: ${rules(subscribe)} } }`,
  );
  return `authorization { users: [\n${users.join("\n")}\n] }\n`;
}

/** What the server says no to: `publish SUBJECT` and `subscribe FILTER QUEUE`. */
async function refusedBy(
  port: number,
  user: string,
  asked: readonly [string, string][],
  published: readonly string[],
): Promise<Set<string>> {
  const client = await LineClient.open(port);
  client.send(`CONNECT {"user":"${user}","pass":"p","verbose":false}\r\n`);
  for (const [index, [subject, queue]] of asked.entries()) client.send(`SUB ${subject} ${queue} ${index + 1}\r\n`);
  for (const subject of published) client.send(`PUB ${subject} 0\r\n\r\n`);
  client.send("PING\r\n");
  const text = await client.line("PONG");
  client.close();
  const refused = new Set<string>();
  for (const [, kind = "", subject = "", queue = ""] of text.matchAll(
    /Permissions Violation for (Publish|Subscription) to "(\S+?)"(?: using queue "(\S+?)")?/g,
  )) {
    refused.add(kind === "Publish" ? `publish ${subject}` : `subscribe ${subject} ${queue}`.trim());
  }
  return refused;
}

/** Where nats-server lets pass what we refuse, on purpose; see `lib/auth/permissions.ts`. */
function stricterOnPurpose(subject: string, queue: string, subscribe: Lists): boolean {
  const restOverOne = subject.endsWith(">") && (subscribe.allow ?? []).some((entry) => entry.split(" ")[0]?.endsWith("*") === true);
  const queueLiftsDeny =
    queue !== "" && subscribe.deny.some((entry) => entry.includes(" ")) && subscribe.deny.some((entry) => !entry.includes(" "));
  return restOverOne || queueLiftsDeny;
}

test("permissions say what nats-server says, and where they differ, less", async (t) => {
  const found = findNatsServer();
  if ("missing" in found) {
    t.skip(found.missing);
    return;
  }
  const cases = Array.from({ length: 60 }, (_, index): Case => ({ user: `u${index}`, publish: lists(false), subscribe: lists(true) }));
  const folder = await mkdtemp(join(tmpdir(), "permissions-"));
  const file = join(folder, "server.conf");
  await writeFile(file, configuration(cases));
  const server = await startNatsServer(found.path, ["-c", file]);
  try {
    const asked = [...new Set(Array.from({ length: 120 }, () => `${filter()} ${random.pick(["", "", "q1", "q2", "q.x"])}`.trim()))].map(
      (text): [string, string] => {
        const [subject = "", queue = ""] = text.split(" ");
        return [subject, queue];
      },
    );
    const published = [...new Set(Array.from({ length: 60 }, () => filter().replaceAll(/[*>]/g, "c")))];
    let denied = 0;
    let stricter = 0;
    for (const { user, publish, subscribe } of cases) {
      const refused = await refusedBy(server.port, user, asked, published);
      const set = new PermissionSet({ publish, subscribe, allowResponses: undefined });
      const ours = published.filter((subject) => !set.mayPublish(new Subject(Buffer.from(subject), false)));
      const theirs = published.filter((subject) => refused.has(`publish ${subject}`));
      deepEqual(ours, theirs, JSON.stringify(publish));
      denied += ours.length;
      for (const [subject, queue] of asked) {
        const we = set.maySubscribe(subject, queue === "" ? undefined : queue);
        const they = !refused.has(`subscribe ${subject} ${queue}`.trim());
        if (!we) denied++;
        if (we === they) continue;
        ok(
          !we && stricterOnPurpose(subject, queue, subscribe),
          `${subject} ${queue} for ${JSON.stringify(subscribe)}: we ${we}, they ${they}`,
        );
        stricter++;
      }
    }
    ok(denied > 500 && stricter > 0, `${denied} denied, ${stricter} only by us`);
    equal(cases.length, 60);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true });
  }
});
