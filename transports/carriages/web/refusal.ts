/** HTTP statuses by name, and the refusal of an upgrade, which is a problem document as every other error on the web port. */

export function statusText(status: number): string {
  return statusTexts.get(status) ?? (status < 400 ? "OK" : "Error");
}

/** `201 Created` */
export function statusLine(status: number): string {
  return statusLines.get(status) ?? `${status} ${statusText(status)}`;
}

export interface Refusal {
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

export function upgradeRefusal(status: number, detail: string): Refusal {
  return {
    headers: [
      ["content-type", "application/problem+json"],
      ["connection", "close"],
      ...(status === 426 ? ([["sec-websocket-version", "13"]] as const) : []),
    ],
    body: `${JSON.stringify({ type: "about:blank", title: statusText(status), status, detail })}\n`,
  };
}

const statusTexts: ReadonlyMap<number, string> = new Map([
  [200, "OK"],
  [201, "Created"],
  [202, "Accepted"],
  [204, "No Content"],
  [207, "Multi-Status"],
  [304, "Not Modified"],
  [400, "Bad Request"],
  [401, "Unauthorized"],
  [403, "Forbidden"],
  [404, "Not Found"],
  [405, "Method Not Allowed"],
  [406, "Not Acceptable"],
  [409, "Conflict"],
  [411, "Length Required"],
  [412, "Precondition Failed"],
  [413, "Payload Too Large"],
  [415, "Unsupported Media Type"],
  [422, "Unprocessable Entity"],
  [426, "Upgrade Required"],
  [429, "Too Many Requests"],
  [500, "Internal Server Error"],
  [501, "Not Implemented"],
  [503, "Service Unavailable"],
  [507, "Insufficient Storage"],
]);

const statusLines: ReadonlyMap<number, string> = new Map([...statusTexts].map(([status, text]) => [status, `${status} ${text}`]));
