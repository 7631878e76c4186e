/** `waystation fsck FOLDER`: examines a data folder that no broker has open, changes nothing, and names file and range of any damage. */
import path from "node:path";
import { BrokerError } from "../../lib/errors.ts";
import { NodeDisk } from "../../store/disk.ts";
import { checkFolder } from "../../store/file-store.ts";
import type { FolderFinding, FolderReport } from "../../store/file-store.ts";
import type { Invocation } from "./invocation.ts";
import { Progress } from "./progress.ts";
import { showCount, showSize } from "./quantity.ts";
import { print } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export async function run(invocation: Invocation, terminal: Terminal): Promise<number> {
  const folder = path.resolve(terminal.folder, invocation.operand(0));
  const progress = new Progress(terminal, `examining ${folder}`);
  const report = await examine(folder, progress);
  progress.end();
  const damaged = report.findings.filter((finding) => finding.kind === "damage").length;
  await print(invocation, terminal, { folder, damaged, ...report }, () => {
    const size = `${showCount(report.files)} files, ${showSize(report.bytes)}, ${showCount(report.logs)} logs, ${showCount(report.records)} records in segments, ${showCount(report.journalChanges)} changes in the journal`;
    return `${[...report.findings.map(findingText), `${folder}: ${size}`, damaged === 0 ? "no damage" : ""].filter(Boolean).join("\n")}\n`;
  });
  if (damaged === 0) return 0;
  throw new BrokerError(
    "damaged",
    `${folder} is damaged in ${damaged} places, listed on stdout: restore these files from a copy, or go on without the ranges they name`,
  );
}

async function examine(folder: string, progress: Progress): Promise<FolderReport> {
  try {
    return await checkFolder(new NodeDisk(), folder, (done, total) => progress.update(done, total));
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error.code !== "ENOENT") throw error;
    throw new BrokerError("not_found", `there is no folder ${folder}: name the one given to 'waystation serve --data'`, { cause: error });
  }
}

function findingText(finding: FolderFinding): string {
  const range = finding.from === finding.to ? "" : ` bytes ${finding.from} to ${finding.to}`;
  return `${finding.kind}: ${finding.file}${range}: ${finding.message}`;
}
