import { ok } from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const script = fileURLToPath(new URL("measure-memory.js", import.meta.url));

/** Bytes a subscription by the form of its filter: object, text and place in the index. */
const budgets = { short: 170, deep: 200, long: 270, door: 220 };

test("a wildcard subscription keeps to its budget of memory, and gives it back", async () => {
  const count = 200_000;
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", script, String(count)]);
  const measured = new Map(Object.entries<{ bytes: number; left: number }>(JSON.parse(stdout)));
  for (const [form, budget] of Object.entries(budgets)) {
    const { bytes, left } = measured.get(form) ?? { bytes: Number.NaN, left: Number.NaN };
    ok(bytes > 60 && bytes <= budget, `${form}: ${bytes} bytes each, at most ${budget}`);
    ok(left < count * 10, `${form}: ${left} bytes left behind`);
  }
});
