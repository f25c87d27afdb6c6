// Builds Explore and the dashboards into one module, the same bytes on every machine.
//
//     npm ci --ignore-scripts && node build.mjs [folder]
//
// Writes perses.js.gz, its sha256 and THIRD_PARTY.txt into the folder, else into ../static.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2] ?? join(HERE, "..", "static");
const LICENSE_FILE = /^(licen[cs]e|copying|notice)(\.|-|$)/i;

// Fonts and module federation: nothing is loaded from elsewhere, so they stay out.
const leaveOut = {
  name: "leave-out",
  setup(build) {
    const empty = (path) => ({ path, namespace: "left-out" });
    build.onResolve({ filter: /^@fontsource\// }, () => empty("font"));
    build.onResolve({ filter: /^@module-federation\// }, () => empty("federation"));
    build.onResolve({ filter: /^\.\/remote$/ }, ({ importer }) =>
      importer.includes("@perses-dev/plugin-system") ? empty("remote") : null,
    );
    const contents = {
      font: "",
      federation: "export const createInstance = () => ({});",
      remote: "export const PluginLoaderComponent = () => null;",
    };
    build.onLoad({ filter: /.*/, namespace: "left-out" }, ({ path }) => ({
      contents: contents[path],
      loader: path === "font" ? "css" : "js",
    }));
  },
};

// A dashboard repeats its rows for each service: of its panels, most are below the fold.
const madeWhenSeen = {
  name: "made-when-seen",
  setup(build) {
    build.onResolve({ filter: /\/GridItemContent$/ }, ({ importer }) =>
      importer.endsWith("/GridLayout/Row.js") ? { path: join(HERE, "source", "gridItem.jsx") } : null,
    );
  },
};

const result = await esbuild.build({
  absWorkingDir: HERE,
  entryPoints: ["source/index.jsx"],
  outfile: "perses.js",
  write: false,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  metafile: true,
  jsx: "automatic",
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  inject: ["source/transport.js"],
  define: { "global.fetch": "labFetch", global: "globalThis", "process.env.NODE_ENV": '"production"' },
  mainFields: ["module", "main"],
  conditions: ["browser", "import"],
  plugins: [leaveOut, madeWhenSeen],
});

function packageFolder(input) {
  const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
  return found && join(HERE, found[1]);
}

function licenceOf(place) {
  const { name, version, license, licenses, author } = JSON.parse(readFileSync(join(place, "package.json"), "utf8"));
  const files = readdirSync(place).filter((file) => LICENSE_FILE.test(file)).sort();
  const texts = files.map((file) => readFileSync(join(place, file), "utf8").trim());
  // Perses' plugins name their licence in the head of each file only; others in their text.
  const told = texts.join(" ").includes("The MIT License") ? "MIT" : "see below";
  const untold = name.startsWith("@perses-dev/") ? "Apache-2.0" : told;
  const kind = license ?? licenses?.map((item) => item.type).join(" or ") ?? untold;
  const who = typeof author === "string" ? author : (author?.name ?? "");
  return { title: `${name} ${version}: ${kind}${who ? `, ${who.replace(/\s*<.*/, "")}` : ""}`, text: texts.join("\n\n") };
}

function thirdParty(inputs) {
  const places = new Set(inputs.map(packageFolder).filter(Boolean));
  const byText = new Map();
  for (const { title, text } of [...places].map(licenceOf)) {
    byText.set(text, [...(byText.get(text) ?? []), title]);
  }
  const parts = [...byText].map(([text, titles]) => [[...new Set(titles)].sort().join("\n"), text]);
  parts.sort(([left], [right]) => (left < right ? -1 : 1));
  const head = "What perses.js.gz is made of, with its licences. Written by build.mjs.";
  return `${[head, ...parts.map((part) => part.join("\n\n").trim())].join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}

const [{ contents }] = result.outputFiles.filter((file) => file.path.endsWith(".js"));
const used = Object.values(result.metafile.outputs).flatMap((output) => Object.keys(output.inputs));
const packed = gzipSync(contents, { level: 9 });
packed[9] = 255; // the system that packed it: unknown, so that all of them write the same
const hash = createHash("sha256").update(packed).digest("hex");
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "perses.js.gz"), packed);
writeFileSync(join(folder, "perses.js.gz.sha256"), `${hash}  perses.js.gz\n`);
writeFileSync(join(folder, "THIRD_PARTY.txt"), thirdParty(used));
console.log(`${contents.length} bytes, ${packed.length} packed, sha256 ${hash}`);

if (process.env.EXPLORE_SIZES) {
  const sizes = {};
  for (const output of Object.values(result.metafile.outputs))
    for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
      const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? "source";
      sizes[name] = (sizes[name] ?? 0) + bytesInOutput;
    }
  const largest = Object.entries(sizes).sort(([, left], [, right]) => right - left).slice(0, 40);
  for (const [name, bytes] of largest) console.log(`${Math.round(bytes / 1024)} KB  ${name}`);
}
