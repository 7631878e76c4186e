/**
 * How far the routes of a station have come, as the station's log keeps it:
 *
 *     0  u8   1: only the floor follows; 2: everything does
 *     1  f64  floor: all records up to it are done with, but for those listed
 *     9  JSON of [route, sequence, attempts][]: copies that a target refused, to be tried again
 */

/** Kept with the log like a group's progress, under a name no group can have. */
export const progressName = "waystation.routes";

export interface Refused {
  readonly route: string;
  readonly sequence: number;
  readonly attempts: number;
}

export interface RouteProgress {
  readonly floor: number;
  readonly refused: readonly Refused[];
}

export function encodeFloor(floor: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = 1;
  bytes.writeDoubleLE(floor, 1);
  return bytes;
}

export function encodeProgress(progress: RouteProgress): Buffer {
  const list = progress.refused.map(({ route, sequence, attempts }) => [route, sequence, attempts]);
  const bytes = Buffer.concat([encodeFloor(progress.floor), Buffer.from(JSON.stringify(list), "utf8")]);
  bytes[0] = 2;
  return bytes;
}

/** What the bytes make of `before`. */
export function decodeProgress(bytes: Uint8Array, before: RouteProgress): RouteProgress {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const floor = buffer.readDoubleLE(1);
  if (buffer[0] === 1) return { floor, refused: before.refused };
  const list = JSON.parse(buffer.toString("utf8", 9)) as readonly (readonly [string, number, number])[];
  return { floor, refused: list.map(([route, sequence, attempts]) => ({ route, sequence, attempts })) };
}
