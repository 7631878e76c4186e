/** Plays requests against a server and writes down the answers, with what differs from run to run made equal. */
import { connect, createInbox, headers } from "nats";
import type { Msg } from "nats";

export interface Step {
  readonly subject: string;
  readonly payload?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** As nats-server answers; empty = not at all. */
  readonly answers: readonly string[];
}

/** The answers to each step. `patienceMs` is how long to wait for one more than a step names: 0 when it is known how many come. */
export async function playSteps(port: number, steps: readonly Step[], patienceMs: number): Promise<string[][]> {
  const connection = await connect({ port });
  const all: string[][] = [];
  try {
    for (const step of steps) {
      const inbox = createInbox();
      const answers: string[] = [];
      let enough: () => void = () => {};
      const done = new Promise<void>((resolve) => (enough = resolve));
      const subscription = connection.subscribe(inbox, {
        callback: (_error, message) => {
          answers.push(shown(message));
          if (answers.length === step.answers.length && patienceMs === 0) enough();
        },
      });
      const block = headers();
      for (const [name, value] of Object.entries(step.headers ?? {})) block.set(name, value);
      const options = step.headers === undefined ? { reply: inbox } : { reply: inbox, headers: block };
      connection.publish(step.subject, step.payload ?? "", options);
      const deadline = setTimeout(enough, patienceMs === 0 ? (step.answers.length === 0 ? 30 : 5_000) : patienceMs);
      await done;
      clearTimeout(deadline);
      subscription.unsubscribe();
      all.push(answers.map(normalised));
    }
  } finally {
    await connection.close();
  }
  return all;
}

function shown(message: Msg): string {
  const block = message.headers;
  if (block === undefined) return message.string();
  const status = block.code === 0 ? "" : `${block.code} ${block.description}`.trim();
  const lines = [...block].map(([name, values]) => `${name}=${values.join(",")}`);
  return [`[${[status, ...lines].filter((part) => part !== "").join("; ")}]`, message.string()].join(" ").trim();
}

/** Times, versions, sizes and names of servers are not what is compared. */
export function normalised(answer: string): string {
  return answer
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, (time) => (time.startsWith("0001-") ? "ZERO" : "TIME"))
    .replaceAll(/"(_nats\.level|_nats\.ver|leader)":"[^"]*"/g, '"$1":""')
    .replaceAll(/"(bytes|storage|memory)":\d+/g, '"$1":0')
    .replaceAll(/"last_ts":"[^"]*"/g, '"last_ts":""')
    .replaceAll(/(Nats-Stream-Source=\S+ \d+ \S+ \S+ \S+) [^;]+;/g, "$1 IDENT;")
    .replaceAll(/"active":-?\d+/g, '"active":0')
    .replaceAll(/"api":\{[^}]*\}/g, '"api":{}');
}
