// Packs the compiled command into dist/transports/cli/packed: one file for what every command needs and one for each part loaded on first use.
// Code that asks where it is (workers, files beside it) is told the place of its own module.
import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild-wasm";

const outdir = path.resolve("dist/transports/cli/packed");

const ownPlaces = {
  name: "own-places",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]dist[\\/].*\.js$/ }, async ({ path: file }) => {
      const text = await readFile(file, "utf8");
      if (!text.includes("import.meta.url")) return undefined;
      const place = JSON.stringify(path.relative(outdir, file).split(path.sep).join("/"));
      return { contents: text.replaceAll("import.meta.url", `new URL(${place}, import.meta.url).href`), loader: "js" };
    });
  },
};

await rm(outdir, { recursive: true, force: true });
await build({
  entryPoints: ["dist/transports/cli/run.js"],
  outdir,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "es2023",
  packages: "external",
  keepNames: true,
  minifyWhitespace: true,
  plugins: [ownPlaces],
  legalComments: "none",
  logLevel: "warning",
});
