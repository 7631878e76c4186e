/** Medians, ratios, and whether they reach what they should: a Markdown table for `bench/README.md` and JSON for programs. */
import type { Measurement } from "./measurements.ts";
import type { PeerName } from "./peer.ts";

export interface Result {
  readonly measurement: Measurement;
  readonly runs: Readonly<Partial<Record<PeerName, readonly number[]>>>;
}

interface Row {
  readonly name: string;
  readonly summary: string;
  readonly unit: string;
  readonly waystation: number;
  readonly natsServer: number | undefined;
  readonly ratio: number | undefined;
  readonly wanted: string;
  readonly reached: boolean | undefined;
}

export interface Report {
  readonly table: string;
  readonly json: { readonly results: readonly Row[]; readonly rawJournalWriteUs: number | undefined };
}

/** Allowed above a raw journal write, microseconds. */
const aboveRawUs = 120;

export function report(results: readonly Result[], rawUs: number | undefined): Report {
  const rows = results.map((result) => rowOf(result, results, rawUs));
  const lines = rows.map(
    (row) =>
      `| ${row.summary} | ${row.unit} | ${figure(row.waystation)} | ${row.natsServer === undefined ? "" : figure(row.natsServer)} | ${row.ratio === undefined ? "" : `${row.ratio.toFixed(2)}×`} | ${row.wanted} | ${row.reached === undefined ? "" : row.reached ? "yes" : "**no**"} |`,
  );
  const head = "| measured | unit | Waystation | nats-server | ratio | wanted | reached |\n| --- | --- | --- | --- | --- | --- | --- |";
  const raw = rawUs === undefined ? "" : `\nA raw journal write took ${rawUs.toFixed(0)} µs (p50).\n`;
  return { table: `${head}\n${lines.join("\n")}\n${raw}`, json: { results: rows, rawJournalWriteUs: rawUs } };
}

function rowOf({ measurement, runs }: Result, all: readonly Result[], rawUs: number | undefined): Row {
  const waystation = median(runs.waystation ?? []) ?? 0;
  const natsServer = median(runs["nats-server"] ?? []);
  const ratio = natsServer === undefined ? undefined : waystation / natsServer;
  const { wanted, reached } = judge(measurement, waystation, ratio, all, rawUs);
  return { name: measurement.name, summary: measurement.summary, unit: measurement.unit, waystation, natsServer, ratio, wanted, reached };
}

function judge(
  measurement: Measurement,
  own: number,
  ratio: number | undefined,
  all: readonly Result[],
  rawUs: number | undefined,
): { wanted: string; reached: boolean | undefined } {
  const more = measurement.better === "more";
  if (measurement.ratio !== undefined) {
    const reached = ratio === undefined ? undefined : more ? ratio >= measurement.ratio : ratio <= measurement.ratio;
    return { wanted: `${more ? "≥" : "≤"} ${measurement.ratio}×`, reached };
  }
  if (measurement.wanted !== undefined) return { wanted: `≤ ${measurement.wanted}`, reached: own <= measurement.wanted };
  if (measurement.name === "one-at-a-time" && rawUs !== undefined) {
    return { wanted: `≤ raw write + ${aboveRawUs}`, reached: own <= rawUs + aboveRawUs };
  }
  const durable = median(all.find((result) => result.measurement.name === "durable")?.runs.waystation ?? []);
  if (measurement.name === "thousand-stations")
    return { wanted: "≥ 0.5× of one", reached: durable === undefined ? undefined : own >= durable / 2 };
  return { wanted: "", reached: undefined };
}

function median(numbers: readonly number[]): number | undefined {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en-US") : value.toFixed(1);
}
