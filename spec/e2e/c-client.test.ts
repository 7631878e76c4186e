/** Debian's C client against the program, when its headers and a compiler are installed. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { serve, temporaryFolder } from "../support/program.ts";

const execute = promisify(execFile);
const source = fileURLToPath(new URL("../../../spec/e2e/c-client.c", import.meta.url));

describe("the C client", () => {
  it("publishes, requests, stores with acks, pulls and acks", async (t) => {
    if (!existsSync("/usr/include/nats/nats.h")) {
      t.skip("SKIPPED: libnats-dev is not installed");
      return;
    }
    const folder = await temporaryFolder(t);
    const program = path.join(folder, "c-client");
    await execute("cc", ["-o", program, source, "-lnats"]);
    const { url } = await serve(t, folder);
    const { stdout } = await execute(program, [url], { timeout: 20_000 });
    assert.equal(stdout, "all well\n");
  });
});
