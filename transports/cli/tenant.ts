import { BrokerError } from "../../lib/errors.ts";
export async function run(): Promise<number> {
  throw new BrokerError("unsupported", "tenant is not built yet");
}
