/** HTTP by `fetch`. */
import type { Door, DoorClient, DoorMember, Got, GroupWishes } from "./door.ts";

interface RecordBody {
  readonly sequence: number;
  readonly subject: string;
  readonly text: string;
  readonly key?: string;
  readonly deliveries?: number;
}

export function httpDoor(url: string): Door {
  return { name: "HTTP", connect: ({ user, password }) => Promise.resolve(new HttpClient(url, `${user}:${password}`)) };
}

class HttpClient implements DoorClient {
  readonly #url: string;
  readonly #authorization: string;

  constructor(url: string, credentials: string) {
    this.#url = url;
    this.#authorization = `Basic ${Buffer.from(credentials).toString("base64")}`;
  }

  async create(station: string, filter: string): Promise<void> {
    await this.#ask("POST", "/stations", JSON.stringify({ name: station, subjects: [filter] }));
  }

  async produce(subject: string, text: string, { key, id }: { key?: string; id?: string } = {}): Promise<void> {
    const station = subject.slice(0, subject.indexOf("."));
    const query = new URLSearchParams({ subject, ...(key === undefined ? {} : { key }), ...(id === undefined ? {} : { id }) });
    await this.#ask("POST", `/stations/${station}/messages?${query.toString()}`, text);
  }

  async member(station: string, _filter: string, name: string, _member: string, wishes: GroupWishes = {}): Promise<DoorMember> {
    await this.#ask("POST", `/stations/${station}/groups`, JSON.stringify({ name, ...wishes }));
    const path = `/stations/${station}/groups/${name}`;
    return {
      next: async (waitMs) => {
        const { messages } = (await this.#ask("POST", `${path}/fetch?expires=${Math.round(waitMs)}`)) as { messages: RecordBody[] };
        const [record] = messages;
        if (record === undefined) return undefined;
        const settle = async (verb: string): Promise<void> => void (await this.#ask("POST", `${path}/${verb}?sequence=${record.sequence}`));
        return { ...gotOf(record), again: (record.deliveries ?? 1) > 1, ack: () => settle("ack"), nak: () => settle("nak") };
      },
      close: () => Promise.resolve(),
    };
  }

  async replay(station: string, filter: string, count: number): Promise<Got[]> {
    const query = new URLSearchParams({ from: "1", subject: filter, limit: String(count) });
    const { messages } = (await this.#ask("GET", `/stations/${station}/messages?${query.toString()}`)) as { messages: RecordBody[] };
    return messages.map(gotOf);
  }

  async isRefused(subject: string): Promise<boolean> {
    const answer = await fetch(`${this.#url}/v1/publish/${subject}`, {
      method: "POST",
      headers: { authorization: this.#authorization },
      body: "x",
    });
    await answer.arrayBuffer();
    return answer.status === 403;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #ask(method: string, path: string, body?: string): Promise<unknown> {
    const answer = await fetch(`${this.#url}/v1${path}`, {
      method,
      headers: { authorization: this.#authorization },
      ...(body === undefined ? {} : { body }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }
}

function gotOf(record: RecordBody): Got {
  return { subject: record.subject, text: record.text, key: record.key ?? record.subject };
}
