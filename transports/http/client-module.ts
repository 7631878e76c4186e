/** `/client.js`: the client library as one ES module for browsers, made by the build. Open to everybody: a page's import shows no credentials. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { HttpProblem } from "./problem.ts";
import type { HttpRouter } from "./router.ts";

/** Seen from dist/transports/http. */
const file = new URL("../client/browser.js", import.meta.url);

interface ClientModule {
  readonly plain: Buffer;
  readonly gzipped: Buffer;
  readonly tag: string;
}

export function addClientModule(router: HttpRouter): void {
  let loading: Promise<ClientModule> | undefined;
  router.add({
    method: "GET",
    path: "/client.js",
    access: { kind: "open" },
    document: {
      tag: "about",
      summary: "The client library for browsers: an ES module",
      answers: {
        200: { description: "the module", content: { "text/javascript": { type: "string" } } },
        304: { description: "the one that the browser has is the same" },
      },
    },
    handle: async ({ request, response }) => {
      loading ??= load();
      const { plain, gzipped, tag } = await loading.catch(() => {
        loading = undefined;
        throw new HttpProblem(404, "Not Found", "the browser's module is not built: run npm run build");
      });
      const headers = [
        ["content-type", "text/javascript; charset=utf-8"],
        // Kept by browsers, but asked about each time: a new broker brings a new client.
        ["cache-control", "no-cache"],
        ["etag", tag],
        ["vary", "accept-encoding"],
        ["access-control-allow-origin", "*"],
        ["x-content-type-options", "nosniff"],
      ] as const;
      if (request.headers.get("if-none-match") === tag) response.send(304, headers, "");
      else if (/\bgzip\b/.test(request.headers.get("accept-encoding") ?? "")) {
        response.send(200, [...headers, ["content-encoding", "gzip"]], gzipped);
      } else response.send(200, headers, plain);
    },
  });
}

async function load(): Promise<ClientModule> {
  const plain = await readFile(file);
  const tag = `"${createHash("sha256").update(plain).digest("base64url").slice(0, 22)}"`;
  return { plain, gzipped: gzipSync(plain, { level: 9 }), tag };
}
