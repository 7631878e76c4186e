/** `nats-server --signal COMMAND=PID`: tells a running server what to do, by its process id or the file that holds it. */
import { readFileSync } from "node:fs";
import { BrokerError } from "../../lib/errors.ts";

const signals: Readonly<Record<string, NodeJS.Signals>> = {
  stop: "SIGKILL",
  quit: "SIGINT",
  term: "SIGTERM",
  reopen: "SIGUSR1",
  reload: "SIGHUP",
  ldm: "SIGUSR2",
};

export function sendSignal(command: string): void {
  const [name = "", target = ""] = command.split("=", 2);
  const signal = signals[name];
  if (signal === undefined)
    throw new BrokerError("usage", `invalid signal parameter: ${command}; it is one of ${Object.keys(signals).join(", ")}`);
  if (target === "") throw new BrokerError("usage", `name the process too: --signal ${name}=PID, or the file that holds its id`);
  const pid = Number(/^[0-9]+$/.test(target) ? target : readPid(target));
  if (!Number.isSafeInteger(pid) || pid < 1) throw new BrokerError("usage", `invalid pid: ${target}`);
  try {
    process.kill(pid, signal);
  } catch (error) {
    throw new BrokerError("not_found", `there is no process ${pid} to signal`, { cause: error });
  }
}

function readPid(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new BrokerError("not_found", `${file} cannot be read: name a process id or the file that holds one`, { cause: error });
  }
}
