/** A broker that routes as fast as it can until somebody kills it; says on stdout how many records it was told are durable. */
import { createBroker } from "../../transports/index.ts";

const data = process.argv[2] ?? "";
const broker = await createBroker({ data });
const connection = await broker.connect();
await broker.createStation({ name: "S", subjects: ["s.*"] });
await broker.createStation({ name: "T", subjects: ["t.*"], duplicateWindowMs: 0 });
await broker.createStation({ name: "U", subjects: ["u"], duplicateWindowMs: 0 });
const add = (route: object): Promise<unknown> => connection.request("$WAYSTATION.ROUTE.ADD", JSON.stringify(route));
await add({ name: "even", from: "s.*", where: "msg.n % 2 == 0", to: "t.$1" });
await add({ name: "all", from: "s.*", to: "u" });
for (let n = 0; ; n += 16) {
  const batch = Array.from({ length: 16 }, (_, each) => connection.produce(`s.${each % 3}`, JSON.stringify({ n: n + each })));
  const stored = await Promise.all(batch);
  process.stdout.write(`${stored.at(-1)?.sequence}\n`);
}
