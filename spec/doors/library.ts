/** The client library. */
import { ClientError, connect } from "../../transports/client/index.ts";
import type { Connection, Delivery } from "../../transports/client/index.ts";
import type { Door, DoorClient, DoorMember, Got, GroupWishes } from "./door.ts";
import { Arrivals } from "./queue.ts";

export function libraryDoor(url: string): Door {
  return {
    name: "library",
    connect: async ({ user, password }) => new LibraryClient(await connect({ servers: url, user, pass: password })),
  };
}

class LibraryClient implements DoorClient {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async create(station: string, filter: string): Promise<void> {
    await this.#connection.station(station).create({ subjects: [filter] });
  }

  async produce(subject: string, text: string, options: { key?: string; id?: string } = {}): Promise<void> {
    const station = subject.slice(0, subject.indexOf("."));
    await this.#connection.station(station).produce(subject, text, options);
  }

  async member(station: string, _filter: string, name: string, _member: string, wishes: GroupWishes = {}): Promise<DoorMember> {
    const group = this.#connection.station(station).group(name);
    await group.create(wishes);
    const arrivals = new Arrivals<Delivery>();
    const consumption = group.consume({ window: 1 });
    const asked = (async () => {
      for await (const delivery of consumption) arrivals.push(delivery);
    })();
    return {
      next: async (waitMs) => {
        const got = await arrivals.next(waitMs);
        if (got === undefined) return undefined;
        return {
          subject: got.subject,
          text: got.text(),
          key: got.key,
          again: got.deliveries > 1,
          ack: () => got.acked(),
          nak: () => Promise.resolve(got.nak()),
        };
      },
      close: async () => {
        consumption.stop();
        await asked;
      },
    };
  }

  async replay(station: string, filter: string, count: number): Promise<Got[]> {
    const found: Got[] = [];
    const options = { ack: "none", filters: [filter], inactiveMs: 5_000 } as const;
    for await (const record of this.#connection.station(station).consume(`replay-${count}`, { max: count, group: options })) {
      found.push({ subject: record.subject, text: record.text(), key: record.key });
    }
    return found;
  }

  async isRefused(subject: string): Promise<boolean> {
    try {
      await this.#connection.request(subject, "x");
      return false;
    } catch (error) {
      return error instanceof ClientError && error.code === "denied";
    }
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}
