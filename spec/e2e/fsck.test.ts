/** `waystation fsck`: a well folder is well, a live one is refused, and a flipped bit is named with its file. */
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "node:test";
import { connect } from "nats";
import { serve, temporaryFolder, waystation } from "../support/program.ts";

interface Report {
  readonly damaged: number;
  readonly logs: number;
  readonly findings: readonly { readonly kind: string; readonly file: string }[];
}

describe("waystation fsck", () => {
  it("finds nothing in a folder that was closed, refuses an open one, and names the file of a flipped bit", async (t) => {
    const folder = await temporaryFolder(t);
    const { url, data, program } = await serve(t, folder);
    const nc = await connect({ servers: url });
    await (await nc.jetstreamManager()).streams.add({ name: "KEPT", subjects: ["kept"] });
    for (let index = 0; index < 50; index++) await nc.jetstream().publish("kept", Buffer.alloc(200, index));
    await nc.close();

    const live = await waystation(["fsck", data]);
    assert.equal(live.code, 3, live.stderr);

    await program.kill("SIGTERM");
    const well = await waystation(["fsck", data, "--json"]);
    assert.equal(well.code, 0, well.stderr);
    const report = JSON.parse(well.stdout) as Report;
    assert.deepEqual([report.damaged, report.logs], [0, 1]);

    const segment = (await readdir(data, { recursive: true })).find((name) => name.includes("seg"));
    assert.ok(segment, "a clean close leaves a segment");
    const file = path.join(data, segment);
    const bytes = await readFile(file);
    const place = Math.floor(bytes.length / 2);
    bytes[place] = (bytes[place] ?? 0) ^ 1;
    await writeFile(file, bytes);
    const damaged = await waystation(["fsck", data]);
    assert.equal(damaged.code, 1);
    assert.match(damaged.stderr, /^waystation: [^\n]+ is damaged in \d+ places[^\n]*\n$/);
    assert.ok(damaged.stdout.includes(path.basename(segment)));
  });
});
