// Joins the built modules into a few files in bundle/: the command then starts in half the time. Part of the build, after tsc.
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const cli = dirname(fileURLToPath(import.meta.url));
const house = dirname(cli);
const output = join(cli, "bundle");

/** Read at every start, and made of many small modules. Everything else from npm stays a package of its own. */
const JOINED_PACKAGES = [
  "abstract-level",
  "classic-level",
  "ignore",
  "level-supports",
  "level-transcoder",
  "maybe-combine-errors",
  "module-error",
  "pg",
  "pg-connection-string",
  "pg-int8",
  "pg-pool",
  "pg-protocol",
  "pg-types",
  "pgpass",
  "postgres-array",
  "postgres-bytea",
  "postgres-date",
  "postgres-interval",
  "split2",
  "xtend",
  "yaml",
];

/** What a joined package asks for and goes without. */
const OPTIONAL_PACKAGES = ["pg-native", "pg-cloudflare"];

/** How a room names the file of a thread or process of its own, beside the file that starts it. */
const STARTED_FILE = /"\.\/([\w-]+)\.js"[^\n]*import\.meta\.url/g;

function builtFiles() {
  return readdirSync(house, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "node_modules" && !entry.name.startsWith("."))
    .flatMap(({ name }) => {
      const dist = join(house, name, "dist");
      try {
        return readdirSync(dist, { recursive: true }).map((file) => join(dist, file));
      } catch {
        return [];
      }
    })
    .filter((file) => file.endsWith(".js") && !file.endsWith(".test.js"));
}

/** The command as `main`, and every file that it starts by name: by the names that they have in the bundle. */
function entries() {
  const found = { main: join(cli, "dist", "main.js") };
  for (const file of builtFiles()) {
    for (const [, name] of readFileSync(file, "utf8").matchAll(STARTED_FILE)) {
      const started = join(dirname(file), `${name}.js`);
      if (found[name] !== undefined && found[name] !== started)
        throw new Error(
          `two files that are started would be ${name}.js in the bundle: ${relative(house, started)} and ${relative(house, found[name])}; rename one`,
        );
      found[name] = started;
    }
  }
  return found;
}

const requireFromCli = createRequire(join(output, "main.js"));

/** Whether an import stays as it is. It must then be found from the bundle. */
function isExternal(id) {
  if (/^[./]/.test(id) || id.startsWith("@datadb/") || JOINED_PACKAGES.includes(id)) return false;
  if (!OPTIONAL_PACKAGES.includes(id)) requireFromCli.resolve(id);
  return true;
}

/** What loads a native library looks for it beside itself: it stays where it is. */
const nativePart = (id, importer) =>
  id === "./binding" && importer?.includes("/classic-level/")
    ? { id: "classic-level/binding.js", external: true }
    : null;

/**
 * What is loaded together lies in one file: each one costs about as much as a fifth of its code. What the entry needs to find compiled code, without
 * which all else would be compiled at each start; the command and what it prints with, what talks to a store, what has one. Each takes
 * what it needs along.
 */
const FILES_OF_THE_COMMAND = [
  { name: "entry", test: /\/cli\/dist\/store\/xdg-directory\.js$/ },
  {
    name: "command",
    test: /\/cli\/dist\/(arguments|output|run-process|exit-code|store\/(store-path|with-connection))\b/,
  },
  { name: "client", test: /\/client\/dist\/index\.js$/ },
  { name: "store", test: /\/cli\/dist\/store\/(open-store|hold-store|serve-guests)\.js$/ },
].map((group, i, all) => ({ ...group, priority: all.length - i }));

/** Threads and processes of their own share no files with the command: they would load what only it needs. */
async function bundle(input, groups) {
  const joined = await rolldown({
    input,
    platform: "node",
    external: isExternal,
    plugins: [{ name: "native-part", resolveId: nativePart }],
    onLog: (_level, log) => {
      throw new Error(`${basename(output)}: ${log.message}`);
    },
  });
  await joined.write({
    dir: output,
    format: "esm",
    sourcemap: true,
    entryFileNames: "[name].js",
    chunkFileNames: "[name]-[hash].js",
    advancedChunks: { groups },
    // Less to read at each start, and one byte for each letter. Lines and names stay, for stack traces.
    comments: false,
    minify: { mangle: false, compress: false, codegen: { removeWhitespace: false, asciiOnly: true } },
  });
  await joined.close();
}

rmSync(output, { recursive: true, force: true });
for (const [name, file] of Object.entries(entries()))
  await bundle({ [name]: file }, name === "main" ? FILES_OF_THE_COMMAND : []);
