/**
 * What the broker counts, and how a scraper reads it (Prometheus text format 0.0.4). Two ways in: instruments that code on the hot path
 * holds and adds to, an addition of a number each; and sources, asked only when somebody reads, for what is counted elsewhere anyway.
 *
 * Bounded: a family has at most `seriesMax` series; what is beyond is left out and counted in `waystation_metrics_left_out`.
 */

export type Labels = Readonly<Record<string, string>>;
export type MetricKind = "counter" | "gauge" | "histogram";

/** Only grows. */
export class Counter {
  value: number;

  constructor() {
    this.value = 0;
  }

  add(count: number): void {
    this.value += count;
  }
}

/** Goes up and down. */
export class Gauge {
  value: number;

  constructor() {
    this.value = 0;
  }

  set(value: number): void {
    this.value = value;
  }

  add(count: number): void {
    this.value += count;
  }
}

/** Counts values by size. The bounds are fixed, so that observing allocates nothing. */
export class Histogram {
  readonly bounds: readonly number[];
  /** One more than bounds: the last counts what is larger than all. */
  readonly counts: Float64Array;
  sum: number;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
    this.sum = 0;
  }

  observe(value: number): void {
    const bounds = this.bounds;
    let low = 0;
    let high = bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (value <= (bounds[middle] ?? 0)) high = middle;
      else low = middle + 1;
    }
    this.counts[low] = (this.counts[low] ?? 0) + 1;
    this.sum += value;
  }

  get count(): number {
    let total = 0;
    for (const count of this.counts) total += count;
    return total;
  }
}

/** Seconds, from 50 µs to 10 s: for waits and latencies. */
export const secondsBounds: readonly number[] = [
  0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** Gives one value of a source. */
export type Emit = (labels: Labels, value: number) => void;

interface Family {
  readonly help: string;
  readonly kind: MetricKind;
  readonly series: Map<string, Counter | Gauge | Histogram>;
  readonly sources: ((emit: Emit) => void)[];
}

export class Metrics {
  readonly #seriesMax: number;
  readonly #families: Map<string, Family> = new Map();
  #leftOut = 0;
  /** Instruments that belong to no series. */
  #refused = 0;

  constructor(seriesMax = 10_000) {
    this.#seriesMax = seriesMax;
    this.source("waystation_metrics_left_out", "Series beyond the bound of a family at the last reading", "gauge", (emit) => {
      emit({}, this.#leftOut);
    });
  }

  /** The counter of this name and these labels; the same one when asked again. Names of counters end in `_total`. */
  counter(name: string, help: string, labels: Labels = {}): Counter {
    const found = this.#instrument(name, help, "counter", labels, () => new Counter());
    if (found instanceof Counter) return found;
    throw new TypeError(`${name} is no counter`);
  }

  gauge(name: string, help: string, labels: Labels = {}): Gauge {
    const found = this.#instrument(name, help, "gauge", labels, () => new Gauge());
    if (found instanceof Gauge) return found;
    throw new TypeError(`${name} is no gauge`);
  }

  histogram(name: string, help: string, bounds: readonly number[], labels: Labels = {}): Histogram {
    const found = this.#instrument(name, help, "histogram", labels, () => new Histogram(bounds));
    if (found instanceof Histogram) return found;
    throw new TypeError(`${name} is no histogram`);
  }

  /** A histogram that somebody else holds and adds to. */
  include(name: string, help: string, labels: Labels, histogram: Histogram): void {
    this.#family(name, help, "histogram").series.set(labelText(labels), histogram);
  }

  /** Asked at each reading for the values there are then. */
  source(name: string, help: string, kind: "counter" | "gauge", read: (emit: Emit) => void): void {
    this.#family(name, help, kind).sources.push(read);
  }

  /** Forgets the series with these labels: what they spoke of is gone. */
  drop(name: string, labels: Labels): void {
    this.#families.get(name)?.series.delete(labelText(labels));
  }

  /** All of it, in the order of names. */
  render(): string {
    const lines: string[] = [];
    let leftOut = this.#refused;
    for (const [name, family] of [...this.#families].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const before = lines.length;
      let room = this.#seriesMax;
      for (const [labels, instrument] of family.series) {
        room--;
        if (instrument instanceof Histogram) renderHistogram(lines, name, labels, instrument);
        else lines.push(`${name}${braced(labels)} ${numberText(instrument.value)}`);
      }
      const emit: Emit = (labels, value) => {
        if (room-- > 0) lines.push(`${name}${braced(labelText(labels))} ${numberText(value)}`);
        else leftOut++;
      };
      for (const read of family.sources) read(emit);
      if (lines.length > before) lines.splice(before, 0, `# HELP ${name} ${helpText(family.help)}`, `# TYPE ${name} ${family.kind}`);
    }
    this.#leftOut = leftOut;
    return `${lines.join("\n")}\n`;
  }

  #instrument(
    name: string,
    help: string,
    kind: MetricKind,
    labels: Labels,
    make: () => Counter | Gauge | Histogram,
  ): Counter | Gauge | Histogram {
    const series = this.#family(name, help, kind).series;
    const key = labelText(labels);
    const known = series.get(key);
    if (known !== undefined) return known;
    const made = make();
    // Beyond the bound it counts for nobody; better than memory without end.
    if (series.size < this.#seriesMax) series.set(key, made);
    else this.#refused++;
    return made;
  }

  #family(name: string, help: string, kind: MetricKind): Family {
    const known = this.#families.get(name);
    if (known !== undefined) {
      if (known.kind !== kind) throw new TypeError(`${name} is a ${known.kind}, not a ${kind}`);
      return known;
    }
    if (!/^[a-z_][a-z0-9_]*$/.test(name)) throw new TypeError(`'${name}' is no name of a metric`);
    const family: Family = { help, kind, series: new Map(), sources: [] };
    this.#families.set(name, family);
    return family;
  }
}

function renderHistogram(lines: string[], name: string, labels: string, histogram: Histogram): void {
  let total = 0;
  for (const [index, count] of histogram.counts.entries()) {
    total += count;
    const bound = histogram.bounds[index];
    const le = `le="${bound === undefined ? "+Inf" : numberText(bound)}"`;
    lines.push(`${name}_bucket${braced(labels === "" ? le : `${labels},${le}`)} ${numberText(total)}`);
  }
  lines.push(`${name}_sum${braced(labels)} ${numberText(histogram.sum)}`, `${name}_count${braced(labels)} ${numberText(total)}`);
}

function braced(labels: string): string {
  return labels === "" ? "" : `{${labels}}`;
}

/** In the order given: the same labels in another order would be another series. */
function labelText(labels: Labels): string {
  let text = "";
  for (const [name, value] of Object.entries(labels)) {
    text += `${text === "" ? "" : ","}${name}="${value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"')}"`;
  }
  return text;
}

function helpText(help: string): string {
  return help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "+Inf" : "-Inf";
}
