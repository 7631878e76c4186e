/** `/readyz` and the page at `/`: always open. `/healthz` is among the monitoring documents. */
import type { OpenBroker } from "../open.ts";
import type { HttpRouter, RouteDocument } from "./router.ts";

const text = [["content-type", "text/plain; charset=utf-8"]] as const;

/** Permits modules, styles and WebSockets of the same origin, nothing else. */
export const contentSecurityPolicy: string =
  "default-src 'self'; script-src 'self'; connect-src 'self' ws: wss:; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

export function addHealth(router: HttpRouter, opened: OpenBroker): void {
  const plain: RouteDocument["answers"][number]["content"] = { "text/plain": { type: "string" } };
  router.add({
    method: "GET",
    path: "/readyz",
    access: { kind: "open" },
    document: {
      tag: "about",
      summary: "Does it take messages",
      answers: { 200: { description: "it does", content: plain }, 503: { description: "not now; the text says why", content: plain } },
    },
    handle: ({ response }) => {
      const status = opened.broker.file.store.status();
      if (opened.ready && status.kind === "open") response.send(200, text, "ready\n");
      else response.send(503, text, `${opened.ready ? status.reason : "recovering: wait a little"}\n`);
    },
  });
  router.add({
    method: "GET",
    path: "/",
    access: { kind: "open" },
    document: {
      tag: "about",
      summary: "A page for people",
      answers: { 200: { description: "HTML", content: { "text/html": { type: "string" } } } },
    },
    handle: ({ response }) => {
      const headers = [
        ["content-type", "text/html; charset=utf-8"],
        ["content-security-policy", contentSecurityPolicy],
        ["x-content-type-options", "nosniff"],
      ] as const;
      response.send(200, headers, page);
    },
  });
}

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Waystation</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}code{background:#eee;padding:.1em .3em}</style>
<h1>Waystation</h1>
<p>A message broker is listening here.</p>
<ul>
<li>Browsers connect by WebSocket to this very address; <code>mqtt</code> as subprotocol speaks MQTT, none speaks NATS.</li>
<li><a href="/healthz">/healthz</a>, <a href="/readyz">/readyz</a>: is it well, is it ready.</li>
</ul>
</html>
`;
