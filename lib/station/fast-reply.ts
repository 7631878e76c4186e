/**
 * How a publisher says that a message belongs to a fast batch: by the subject it wants to be answered at.
 *
 *     INBOX.ID.FLOW.GAP.SEQUENCE.OPERATION.$FI      FLOW: an acknowledgement every so many messages at most
 *                                                   GAP: ok | fail      OPERATION: 0 start, 1 add, 2 commit, 3 end, 4 ping
 */
export interface FastReply {
  readonly id: string;
  readonly flow: number;
  readonly gapsAllowed: boolean;
  readonly sequence: number;
  /** The batch ends: with this message, or before it. */
  readonly commits: boolean;
  readonly isEnd: boolean;
  readonly isPing: boolean;
}

const flowDefault = 10;
const flowMax = 65_535;
const suffix: Buffer = Buffer.from(".$FI");

/** True for the reply of a fast batch, well formed or not. One look at one byte for others. */
export function isFastReply(buffer: Buffer, start: number, end: number): boolean {
  if (end - start <= suffix.length || buffer[end - 1] !== suffix[3]) return false;
  for (let index = 0; index < suffix.length; index++) if (buffer[end - suffix.length + index] !== suffix[index]) return false;
  return true;
}

/** Undefined when it is malformed. */
export function parseFastReply(reply: string): FastReply | undefined {
  const tokens = reply.split(".");
  if (tokens.length < 7) return undefined;
  const [id = "", flowText = "", gap = "", sequenceText = "", operationText = ""] = tokens.slice(-6, -1);
  const operation = numberOf(operationText);
  const sequence = numberOf(sequenceText);
  if (operation === undefined || operation > 4 || sequence === undefined || sequence === 0) return undefined;
  if ((gap !== "ok" && gap !== "fail") || (operation === 0 && sequence !== 1) || (operation === 1 && sequence === 1)) return undefined;
  if (operation === 3 && sequence === 1) return undefined;
  return {
    id,
    flow: Math.min(numberOf(flowText) || flowDefault, flowMax),
    gapsAllowed: gap === "ok",
    sequence,
    commits: operation === 2 || operation === 3,
    isEnd: operation === 3,
    isPing: operation === 4,
  };
}

function numberOf(text: string): number | undefined {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number) ? number : undefined;
}
