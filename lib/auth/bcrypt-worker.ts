/** The thread that compares passwords with bcrypt hashes, one at a time: `[password, hash]` in, true or false out. */
import { parentPort } from "node:worker_threads";
import { compareSync } from "bcryptjs";

parentPort?.on("message", (request: unknown) => {
  parentPort?.postMessage(judge(request));
});

function judge(request: unknown): boolean {
  if (!Array.isArray(request)) return false;
  const [given, hash]: unknown[] = request;
  return typeof given === "string" && typeof hash === "string" && compareSync(given, hash);
}
