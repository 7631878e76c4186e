/** What a door cannot express, and why: everything else is tested. README's table is made from this. */
import { doorNames } from "./door.ts";
import type { DoorName } from "./door.ts";

export const verbs = {
  create: "create a station",
  produce: "produce, and know that it is stored",
  key: "produce with a key",
  dedupe: "produce the same twice, stored once",
  group: "share the messages of a group of two",
  ack: "acknowledge: not delivered again",
  nak: "refuse: delivered again at once",
  redeliver: "go away without an ack: delivered again",
  condition: "get only what a condition holds for",
  replay: "read what is stored",
  schema: "be told that a message does not fit the schema",
  permission: "be told that a publish is not permitted",
} as const;
export type Verb = keyof typeof verbs;

const mqtt: readonly DoorName[] = ["MQTT 3.1.1", "MQTT 5"];

const reasons: Partial<Record<Verb, { readonly doors: readonly DoorName[]; readonly why: string }>> = {
  create: { doors: mqtt, why: "devices make no stations; they publish into those that are there" },
  key: { doors: ["MQTT 3.1.1"], why: "a publish has no properties: its topic is its key" },
  dedupe: { doors: ["MQTT 3.1.1"], why: "a publish has no id of its own; QoS 2 is stored once within its session" },
  nak: { doors: mqtt, why: "an acknowledgement cannot say no; what is not acknowledged comes again when the client does" },
  condition: { doors: ["MQTT 3.1.1"], why: "a SUBSCRIBE has no properties" },
  schema: { doors: ["MQTT 3.1.1"], why: "a PUBACK cannot say no: the connection ends" },
  permission: { doors: ["MQTT 3.1.1"], why: "a PUBACK cannot say no: what is not permitted is dropped (a SUBSCRIBE is told)" },
};

/** Undefined: the door can, and the suite makes sure. */
export function whyNot(door: DoorName, verb: Verb): string | undefined {
  const reason = reasons[verb];
  return reason?.doors.includes(door) === true ? reason.why : undefined;
}

/** README's table, with the reasons below it. */
export function doorsTable(): string {
  const numbers = new Map(Object.values(reasons).map(({ why }, index) => [why, index + 1]));
  const head = ["", ...doorNames];
  const rows = (Object.keys(verbs) as Verb[]).map((verb) => [
    verbs[verb],
    ...doorNames.map((door) => {
      const why = whyNot(door, verb);
      return why === undefined ? "yes" : `no (${numbers.get(why)})`;
    }),
  ]);
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  const notes = [...numbers].map(([why, number]) => `(${number}) ${why}.`);
  return `${lines.join("\n")}\n\n${notes.join(" ")}`;
}
