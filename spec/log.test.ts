import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LineLogger } from "../lib/log.ts";
import type { LogLevel } from "../lib/log.ts";
import { SimClock } from "./support/sim-clock.ts";

function logger(level: LogLevel): { log: LineLogger; lines: string[] } {
  const lines: string[] = [];
  return { log: new LineLogger(new SimClock({ startUs: 1_000_000_000_000_000 }), (line) => lines.push(line), level), lines };
}

test("a line has a time, a level, a sentence and facts", () => {
  const { log, lines } = logger("info");
  log
    .with({ door: "nats" })
    .warn("a slow consumer was closed", { client: 7, why: 'no "room"', cause: new Error("full"), nothing: undefined });
  deepEqual(lines, ['2001-09-09T01:46:40.000Z warn a slow consumer was closed door=nats client=7 why="no \\"room\\"" cause=full\n']);
});

test("lines below the level are not written, and the level holds for every logger made of one", () => {
  const { log, lines } = logger("warn");
  const child = log.with({ a: 1 });
  log.info("no");
  child.debug("no");
  ok(!child.debugOn);
  log.level = "debug";
  ok(child.debugOn && log.debugOn);
  child.debug("yes");
  log.error("yes");
  equal(lines.length, 2);
});

test("whatever is logged is one line, without control characters, and no secret by name", () => {
  const { log, lines } = logger("debug");
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (text, fact) => {
      lines.length = 0;
      log.info(text, { fact, password: "hunter2", authToken: "hunter2" });
      equal(lines.length, 1);
      const line = lines[0] ?? "";
      ok(/^[^\p{Cc}\p{Zl}\p{Zp}]*\n$/u.test(line), JSON.stringify(line));
      ok(!line.includes("hunter2") && line.includes("password=***"));
    }),
    { seed: 5, numRuns: 500 },
  );
  log.info("x", { fact: "y".repeat(10_000) });
  ok((lines.at(-1) ?? "").length < 3000);
});
