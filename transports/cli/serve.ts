/**
 * `waystation serve`: a broker as a process of its own. Owns what belongs to a process and not to a broker: the banner, the address
 * file, signals.
 */
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { SystemClock } from "../../lib/clock.ts";
import { loadConfig } from "../../lib/config/config.ts";
import type { Config } from "../../lib/config/config.ts";
import { operationRequests } from "../admin/operations.ts";
import { reloadSubject } from "../admin/reload-request.ts";
import type { ReloadAnswer } from "../admin/reload-request.ts";
import { userRequests } from "../admin/user-requests.ts";
import { ConfiguredBroker } from "../configured.ts";
import { readVersion } from "../version.ts";
import { writeAddressFile } from "./address-file.ts";
import { banner } from "./banner.ts";
import { sentenceOf } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import type { Terminal } from "./terminal.ts";

export async function run(invocation: Invocation, terminal: Terminal): Promise<number> {
  const configure = (): Config =>
    loadConfig({
      args: invocation.rest,
      environment: terminal.env,
      folder: terminal.folder,
      readText: (file) => readFileSync(file, "utf8"),
    });
  const config = configure();
  const stop = stopSignals();
  let hangUp = (): unknown => undefined;
  process.on("SIGHUP", () => hangUp());
  const version = await readVersion();
  const broker = await ConfiguredBroker.open(config, {
    version,
    report: (message) => terminal.note(`waystation: ${message}`),
    log: (line) => terminal.trace(line),
  });
  let reloading: Promise<unknown> = Promise.resolve();
  const reload = (): Promise<ReloadAnswer> => {
    const answer = reloading.then(() => reloadOnce(broker, configure, terminal));
    reloading = answer;
    return answer;
  };
  hangUp = reload;
  broker.opened.tenants.serve([...userRequests(broker.users), ...operationRequests(broker.opened), [reloadSubject, reload]]);
  if (config.addressesFile !== undefined) await writeAddressFile(config.addressesFile, broker.addresses);
  terminal.write(banner(config, broker.addresses, version, broker.opened.web.engine?.name));
  await stop();
  await reloading;
  if (config.addressesFile !== undefined) await rm(config.addressesFile, { force: true });
  await broker.close();
  return 0;
}

/** Takes the configuration over as far as it can, and says what came of it. Never rejects. */
async function reloadOnce(broker: ConfiguredBroker, configure: () => Config, terminal: Terminal): Promise<ReloadAnswer> {
  try {
    const restart = await broker.reload(configure());
    terminal.note(`waystation: configuration reloaded${restart.length === 0 ? "" : `; restart to change ${restart.join(", ")}`}`);
    const { addressesFile } = broker.config;
    if (addressesFile !== undefined) await writeAddressFile(addressesFile, broker.addresses);
    return { reloaded: true, restart };
  } catch (error) {
    terminal.note(`waystation: running on as before: ${sentenceOf(error)}`);
    return { reloaded: false, error: sentenceOf(error) };
  }
}

/** Under `npm start` one Ctrl-C arrives twice, from the terminal and from npm. */
const sameSignalMs = 100;

/**
 * Watches for SIGINT and SIGTERM. Before anybody waits for one, and from the second on, it ends the process at once: what was
 * acknowledged is durable without a farewell.
 */
function stopSignals(): () => Promise<void> {
  const clock = new SystemClock();
  let stop: (() => void) | undefined;
  let stoppedMs: number | undefined;
  const onSignal = (): void => {
    if (stoppedMs !== undefined && clock.monotonicMs() - stoppedMs < sameSignalMs) return;
    if (stop === undefined) process.exit(0);
    stoppedMs = clock.monotonicMs();
    stop();
    stop = undefined;
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return () => new Promise((resolve) => (stop = resolve));
}
