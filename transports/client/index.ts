/**
 * The client library of Waystation, for browsers and Node: live messages, and stations with their consumer groups.
 *
 * @example
 * const broker = await connect();
 * const orders = broker.station("ORDERS");
 * await orders.create({ subjects: ["orders.*"] });
 * await orders.produce("orders.new", JSON.stringify({ id: 1 }));
 * for await (const order of orders.consume("billing")) { console.log(order.json()); order.ack(); }
 */
export type { AskOptions } from "./api.ts";
export { connect } from "./connect.ts";
export type { ConnectOptions } from "./connect.ts";
export { Connection, Subscription } from "./connection.ts";
export type { ConnectionStatus, PublishOptions, RequestOptions, SubscribeOptions } from "./connection.ts";
export { Consumption } from "./consumption.ts";
export type { ConsumeOptions } from "./consumption.ts";
export { Delivery } from "./delivery.ts";
export { ClientError } from "./errors.ts";
export type { ClientErrorCode } from "./errors.ts";
export { Group } from "./group.ts";
export type { GroupInfo, GroupOptions } from "./group.ts";
export { Message } from "./message.ts";
export type { Data, Headers } from "./message.ts";
export type { Produced } from "./producer.ts";
export { Station } from "./station.ts";
export type { ProduceOptions, StationInfo, StationOptions, StoredRecord } from "./station.ts";
