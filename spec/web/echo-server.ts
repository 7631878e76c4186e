/** A listener of one engine whose WebSockets answer with what they get. */
import { loadEngine } from "../../transports/carriages/web/engine.ts";
import type { WebEngine, WebListenOptions } from "../../transports/carriages/web/engine.ts";
import type { Connection } from "../../transports/carriages/connection.ts";
import type { Clock } from "../../lib/clock.ts";

export interface EchoServer extends AsyncDisposable {
  readonly port: number;
  /** The connections so far. */
  readonly connections: readonly Connection[];
  /** How many of them have gone. */
  readonly gone: number;
}

export async function echoServer(engine: WebEngine["name"], options: Partial<WebListenOptions> = {}, clock?: Clock): Promise<EchoServer> {
  const connections: Connection[] = [];
  let gone = 0;
  const settings = {
    host: "127.0.0.1",
    port: 0,
    messageBytesMax: 65_536,
    bodyBytesMax: 65_536,
    idleTimeoutSeconds: 120,
    compression: false,
    tls: undefined,
    ...options,
  };
  const loaded = await loadEngine(engine, clock);
  const listener = await loaded.listen(settings, {
    request: (_request, _body, response) => response.send(200, [], "ok"),
    upgrade: () => ({ kind: "accept", subprotocol: undefined, binaryOnly: false }),
    opened: (connection: Connection) => {
      connections.push(connection);
      connection.start({ data: (chunk) => connection.write(Buffer.from(chunk), () => {}), closed: () => gone++ });
    },
  });
  return {
    port: listener.address.port,
    connections,
    get gone() {
      return gone;
    },
    [Symbol.asyncDispose]: async () => {
      await listener.close();
      listener.destroy?.();
    },
  };
}
