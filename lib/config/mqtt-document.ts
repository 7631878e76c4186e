/** The `mqtt` key of a configuration file: what an operator may set of the MQTT door besides limits. */
import type { Issues } from "./issues.ts";
import { joined } from "./issues.ts";

/** Absent = the door's default. */
export interface MqttConfig {
  /** One copy or one for each, when filters of one client overlap. */
  readonly overlap?: "merge" | "copies";
  readonly receiveMaximum?: number;
  readonly inflightMax?: number;
  readonly topicAliasMaximum?: number;
  readonly keepAliveMaxSeconds?: number;
  readonly sessionExpiryMaxSeconds?: number;
  readonly queueMax?: number;
  readonly deniedSubscribeCode?: number;
}

const ranges: Readonly<Record<Exclude<keyof MqttConfig, "overlap">, readonly [min: number, max: number]>> = {
  receiveMaximum: [1, 65_535],
  inflightMax: [1, 65_535],
  topicAliasMaximum: [0, 64],
  keepAliveMaxSeconds: [0, 65_535],
  sessionExpiryMaxSeconds: [0, 0xffff_ffff],
  queueMax: [1, 60_000],
  deniedSubscribeCode: [0x80, 0xff],
};

export function parseMqtt(value: unknown, path: string, issues: Issues): MqttConfig {
  if (value === undefined || value === null) return {};
  const fields = issues.fields(value, path, ["overlap", ...Object.keys(ranges)]) ?? {};
  const numbers: Record<string, number> = {};
  for (const [name, [min, max]] of Object.entries(ranges)) {
    const given = fields[name];
    if (given === undefined || given === null) continue;
    if (typeof given === "number" && Number.isInteger(given) && given >= min && given <= max) numbers[name] = given;
    else issues.add(joined(path, name), given, `a whole number from ${min} to ${max}`);
  }
  const { overlap } = fields;
  if (overlap === undefined || overlap === null) return numbers;
  if (overlap === "merge" || overlap === "copies") return { ...numbers, overlap };
  issues.add(joined(path, "overlap"), overlap, "merge or copies");
  return numbers;
}
