/** The configuration format of nats-server: what is guessed, what is quoted, variables, includes, and the place of what is wrong. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseConf } from "../../transports/nats-server/conf-parser.ts";
import type { ConfMap, ConfValue } from "../../transports/nats-server/conf-parser.ts";

const noFiles = (path: string): string => {
  throw new Error(`no ${path}`);
};

function read(text: string, environment: Record<string, string> = {}, files: Record<string, string> = {}): unknown {
  const readText = (path: string): string => files[path] ?? noFiles(path);
  return plain(parseConf({ file: "/etc/nats.conf", text, environment, readText }));
}

function plain(value: ConfValue): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, each]) => [key, plain(each)]));
  return Array.isArray(value) ? (value as readonly ConfValue[]).map(plain) : value;
}

describe("the configuration format of nats-server", () => {
  it("takes a colon, an equals sign or nothing between a key and its value", () => {
    assert.deepEqual(read("a: 1\nb = 2\nc 3\nd {e: f}\ng\n{\nh [1, 2\n3]\n}"), { a: 1, b: 2, c: 3, d: { e: "f" }, g: { h: [1, 2, 3] } });
  });

  it("guesses booleans, numbers with their suffix, dates and texts", () => {
    const text = "a: on, b: NO; c: -1\nd: 64MB, e: 1k\nf: 2s\ng: 1.5\nh: 127.0.0.1:-1\ni: 2026-01-02T03:04:05Z\nj: 1GB\nk: UA3X.>";
    assert.deepEqual(read(`{${text}}`), {
      ...{ a: true, b: false, c: -1, d: 64 * 1024 * 1024, e: 1000, f: "2s", g: 1.5, h: "127.0.0.1:-1" },
      ...{ i: new Date("2026-01-02T03:04:05Z"), j: 1024 ** 3, k: "UA3X.>" },
    });
  });

  it("keeps what is quoted a text, with escapes between double quotes only", () => {
    assert.deepEqual(read(`a: "1"\nb: 'x\\ny'\n"c d": "x\\ny\\x41"\n'e': "true # no comment"`), {
      ...{ a: "1", b: "x\\ny", "c d": "x\nyA", e: "true # no comment" },
    });
  });

  it("skips comments wherever a new line may be", () => {
    assert.deepEqual(read("# one\na: 1 # two\n// three\nb { // four\n c: [ # five\n 1, // six\n 2\n]\n}"), { a: 1, b: { c: [1, 2] } });
  });

  it("finds variables in the maps around, then in the environment, and leaves hashes alone", () => {
    const text = "pass: $2a$11$abc\nT: tok\na { b: $T, c: $HOME_PORT }\nd: $2b$11$xyz";
    assert.deepEqual(read(text, { HOME_PORT: "4222" }), {
      ...{ pass: "$2a$11$abc", T: "tok", a: { b: "tok", c: 4222 }, d: "$2b$11$xyz" },
    });
    assert.throws(() => read("a: $NONE"), /variable reference for 'NONE'/);
  });

  it("includes files beside the one that names them", () => {
    const files = { "/etc/users.conf": "users: [{user: a}]" };
    assert.deepEqual(read("authorization { include ./users.conf }\nx: 1", {}, files), { authorization: { users: [{ user: "a" }] }, x: 1 });
    assert.throws(() => read("include 'gone.conf'"), /gone\.conf/);
    assert.throws(() => read("include a.conf", {}, { "/etc/a.conf": "include a.conf" }), /without end/);
  });

  it("says where something is wrong", () => {
    assert.throws(() => read("a: 1\nb {\n c: 2"), /nats\.conf:3:\d+: '}' is missing/);
    assert.throws(() => read("a:\n1"), /nats\.conf:1:3: Expected value but found new line/);
  });

  it("reads any text to its end or refuses it by name", () => {
    const text = fc.string({ unit: fc.constantFrom(..."ab1{}[]:=,;#/'\"\\$\n ()-.k".split("")), maxLength: 60 });
    fc.assert(
      fc.property(text, (given) => {
        try {
          const map: ConfMap = parseConf({ file: "f", text: given, environment: {}, readText: noFiles });
          assert.ok(map instanceof Map);
        } catch (error) {
          assert.ok(error instanceof Error && /^(?:f|\$\w*):\d+:\d+: /.test(error.message), String(error));
        }
      }),
    );
  });
});
