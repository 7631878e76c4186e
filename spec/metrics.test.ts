import { equal, ok, throws } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Histogram, Metrics, secondsBounds } from "../lib/metrics.ts";

test("counters, gauges, histograms and sources are read as the text format asks", () => {
  const metrics = new Metrics();
  metrics.counter("b_total", "Bs", { tenant: 'a"\\\n' }).add(2);
  metrics.counter("b_total", "Bs", { tenant: 'a"\\\n' }).add(1);
  metrics.gauge("c", "Cs\nof all").set(-1.5);
  const histogram = metrics.histogram("d_seconds", "Ds", [0.1, 1], { door: "nats" });
  for (const value of [0.1, 0.05, 0.5, 7]) histogram.observe(value);
  metrics.source("e", "Es", "gauge", (emit) => {
    emit({ station: "s" }, 4);
    emit({}, Number.POSITIVE_INFINITY);
  });
  metrics.source("f", "Fs", "gauge", () => {});
  equal(
    metrics.render(),
    `# HELP b_total Bs
# TYPE b_total counter
b_total{tenant="a\\"\\\\\\n"} 3
# HELP c Cs\\nof all
# TYPE c gauge
c -1.5
# HELP d_seconds Ds
# TYPE d_seconds histogram
d_seconds_bucket{door="nats",le="0.1"} 2
d_seconds_bucket{door="nats",le="1"} 3
d_seconds_bucket{door="nats",le="+Inf"} 4
d_seconds_sum{door="nats"} 7.65
d_seconds_count{door="nats"} 4
# HELP e Es
# TYPE e gauge
e{station="s"} 4
e +Inf
# HELP waystation_metrics_left_out Series beyond the bound of a family at the last reading
# TYPE waystation_metrics_left_out gauge
waystation_metrics_left_out 0
`,
  );
});

test("a histogram puts each value into the first bucket that holds it", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { maxLength: 30 }), (values) => {
      const histogram = new Histogram(secondsBounds);
      for (const value of values) histogram.observe(value);
      equal(histogram.count, values.length);
      for (const [index, count] of histogram.counts.entries()) {
        const upTo = secondsBounds[index] ?? Number.POSITIVE_INFINITY;
        const above = secondsBounds[index - 1] ?? -1;
        equal(count, values.filter((value) => value > above && value <= upTo).length);
      }
    }),
    { seed: 3, numRuns: 300 },
  );
});

test("a family's series are bounded, and what is left out is said", () => {
  const metrics = new Metrics(2);
  for (const name of ["a", "b", "c"]) metrics.counter("x_total", "Xs", { name }).add(1);
  ok(metrics.render().includes('name="b"') && !metrics.render().includes('name="c"'));
  metrics.source("y", "Ys", "gauge", (emit) => {
    for (const name of ["a", "b", "c", "d"]) emit({ name }, 1);
  });
  metrics.render();
  ok(metrics.render().includes("waystation_metrics_left_out 3\n"));
  metrics.drop("x_total", { name: "a" });
  metrics.counter("x_total", "Xs", { name: "c" }).add(1);
  ok(metrics.render().includes('x_total{name="c"} 1'));
});

test("a name means one kind of metric", () => {
  const metrics = new Metrics();
  metrics.counter("x_total", "Xs");
  throws(() => metrics.gauge("x_total", "Xs"), /is a counter/);
  throws(() => metrics.counter("X-total", "Xs"), /no name/);
});
