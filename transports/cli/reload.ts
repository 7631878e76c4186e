import { BrokerError } from "../../lib/errors.ts";
export async function run(): Promise<number> {
  throw new BrokerError("unsupported", "reload is not built yet");
}
