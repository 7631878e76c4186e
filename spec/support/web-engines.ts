/** The web engines a suite runs on here: both where uWebSockets.js has a binary, which it must have on Linux x64 with Node 20 and 22. */
import { loadEngine } from "../../transports/carriages/web/engine.ts";
import type { WebEngine } from "../../transports/carriages/web/engine.ts";

const major = Number(process.versions.node.split(".")[0]);
const required = process.platform === "linux" && process.arch === "x64" && (major === 20 || major === 22);

async function loads(): Promise<boolean> {
  try {
    await loadEngine("uWebSockets.js");
    return true;
  } catch {
    return false;
  }
}

export const webEngines: readonly WebEngine["name"][] = required || (await loads()) ? ["uWebSockets.js", "ws"] : ["ws"];
