/** A PUBLISH from a client while it is being routed: what other MQTT sessions may copy instead of translating. Reused per connection. */
import type { PublishView } from "./packet/decoder.ts";

const empty = Buffer.alloc(0);

export class InboundPublish {
  view: PublishView;
  clientId = "";
  level: 3 | 4 | 5 = 4;
  /** The whole topic, also when the client sent only an alias. A view. */
  topic: Buffer = empty;
  /** Properties that are passed on: without alias and expiry. A view. */
  properties: Buffer = empty;
  /** 0 = never. */
  expiresAtSeconds = 0;

  constructor(view: PublishView) {
    this.view = view;
  }
}
