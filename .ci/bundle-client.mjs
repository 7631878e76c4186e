// Makes dist/transports/client/browser.js, the ES module that the broker serves as /client.js, from the compiled client.
import { build } from "esbuild-wasm";

// Signing keys are a matter of programs, and a third of the size: pages log in by user and password, or by token.
const withoutKeys = {
  name: "without-keys",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^tweetnacl$/ }, () => ({ path: "tweetnacl", namespace: "without-keys" }));
    onLoad({ filter: /.*/, namespace: "without-keys" }, () => ({ contents: "module.exports = {}", loader: "js" }));
  },
};

await build({
  entryPoints: ["dist/transports/client/index.js"],
  outfile: "dist/transports/client/browser.js",
  bundle: true,
  minify: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  external: ["@nats-io/transport-node"],
  plugins: [withoutKeys],
  legalComments: "none",
  logLevel: "warning",
});
