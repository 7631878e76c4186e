/** What takes gigabytes: how long a full folder takes to open, and whether the rate holds while a store grows. */
import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Generator } from "./generator.ts";
import { startPeer } from "./peer.ts";
import type { Peer, PeerSettings } from "./peer.ts";

const settings: PeerSettings = { waystation: [], natsServer: "" };
const stations = 1000;
/** Bytes of a payload, where the number of messages is not the point. */
const payloadBytes = 5000;

export interface OpenTimes {
  readonly bytes: number;
  /** Milliseconds until the address file is there, process start included. */
  readonly empty: number;
  readonly clean: number;
  readonly killed: number;
}

/** Fills a folder over a thousand stations, then opens it after a clean close and after a SIGKILL under load. */
export async function openTimes(base: string, load: Generator, bytes: number): Promise<OpenTimes> {
  const started = performance.now();
  const first = await startPeer("waystation", base, settings, "");
  const empty = performance.now() - started;
  const { folder } = first;
  try {
    for (let index = 0; index < stations; index++) {
      await load.api(first.port, `$JS.API.STREAM.CREATE.R${index}`, { name: `R${index}`, subjects: [`round.${index}`], storage: "file" });
    }
    await load.run("jspub", first.port, fill(Math.ceil(bytes / payloadBytes)));
    await first.stop("SIGTERM");
    const [clean, second] = await opened(base, folder);
    // Killed in the middle of publishing, with as much in the journal as there may be.
    const publishing = load.run("jspub", second.port, fill(1_000_000)).catch(() => undefined);
    await sleep(5000);
    await second.stop("SIGKILL");
    await publishing;
    const [killed, third] = await opened(base, folder);
    await third.stop();
    return { bytes, empty, clean, killed };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function fill(messages: number): readonly (string | number)[] {
  return ["-n", messages, "-b", payloadBytes, "-w", 1000, "-s", "round", "-r", stations];
}

async function opened(base: string, folder: string): Promise<readonly [number, Peer]> {
  const started = performance.now();
  const peer = await startPeer("waystation", base, settings, "", folder);
  return [performance.now() - started, peer];
}

export interface Growth {
  /** Messages a second of each window, from an empty store on. */
  readonly windows: readonly number[];
  /** The worst 99th percentile of a window's acknowledgements, milliseconds. */
  readonly p99Ms: number;
}

/** Publishes window after window of `messages` until the store holds `bytes`. */
export async function growth(base: string, load: Generator, bytes: number, messages: number): Promise<Growth> {
  const bodyBytes = 1000;
  const peer = await startPeer("waystation", base, settings, "");
  try {
    await load.api(peer.port, "$JS.API.STREAM.CREATE.BENCH", { name: "BENCH", subjects: ["bench.a"], storage: "file" });
    const windows: number[] = [];
    let p99Ms = 0;
    for (let stored = 0; stored < bytes; stored += messages * bodyBytes) {
      const result = await load.run("jspub", peer.port, ["-n", messages, "-b", bodyBytes, "-w", 1000, "-l"]);
      windows.push(result.get("acked_per_s") ?? 0);
      p99Ms = Math.max(p99Ms, (result.get("p99_us") ?? 0) / 1000);
    }
    return { windows, p99Ms };
  } finally {
    await peer.remove();
  }
}
