/** A broker with its web door in a process of its own, so that its memory can be watched: prints the port, and ends with its stdin. */
import { openSpecBroker } from "../support/open-broker.ts";
import { MemoryStore } from "../../store/memory-store.ts";
import { SystemClock } from "../../lib/clock.ts";
import { SystemRandom } from "../../lib/random.ts";

const [engine = "ws", compression = "off"] = process.argv.slice(2);
const store = new MemoryStore({ clock: new SystemClock(), random: new SystemRandom() });
const broker = await openSpecBroker({
  store,
  webEngine: engine === "ws" ? "ws" : "uWebSockets.js",
  webCompression: compression === "on",
});
process.stdout.write(`${new URL(broker.webUrl).port}\n`);
process.stdin.on("end", () => process.exit(0)).resume();
