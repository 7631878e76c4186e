/** The tiny transport passes the exported suite. */
import { transportConformance } from "waystation/conformance/transport";
import { TinyClient } from "./tiny-transport.ts";

transportConformance("one small class", (host) => {
  const clients: TinyClient[] = [];
  return Promise.resolve({
    connect: () => {
      const client = new TinyClient(host);
      clients.push(client);
      return Promise.resolve(client);
    },
    close: () => {
      for (const client of clients) client.close();
      return Promise.resolve();
    },
  });
});
