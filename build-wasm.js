// Compiles what rooms have in assembly/*.ts to their wasm/*.wasm: node build-wasm.js ROOM... Part of the build.
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

/** Imported by others. */
const PARTS = new Set([
  "binary-floats",
  "binary-times",
  "binary-values",
  "copy-text",
  "hash-lanes",
  "row-hash",
  "row-sum-lanes",
]);

const house = dirname(fileURLToPath(import.meta.url));
for (const room of process.argv.slice(2).map((name) => join(house, name)))
  for (const name of readdirSync(join(room, "assembly")).map((source) => basename(source, ".ts")))
    if (!PARTS.has(name)) await compile(room, name);

async function compile(room, name) {
  const output = {};
  const { error, stderr } = await asc.main(
    [
      `assembly/${name}.ts`,
      "--outFile",
      `${name}.wasm`,
      "--baseDir",
      room,
      "-O3",
      "--noAssert",
      "--runtime",
      "stub",
      "--enable",
      "threads",
      "--enable",
      "simd",
      "--importMemory",
      "--sharedMemory",
      "--initialMemory",
      "1",
      "--maximumMemory",
      "65536",
    ],
    {
      writeFile: (file, contents) => {
        output[file] = contents;
      },
    },
  );
  if (error) {
    console.error(`${error.message}\n${stderr.toString()}`);
    process.exit(1);
  }

  // Written aside and renamed: several test processes may build at the same time.
  const target = join(room, "wasm", `${name}.wasm`);
  const part = `${target}.${process.pid}`;
  mkdirSync(dirname(target), { recursive: true });
  try {
    writeFileSync(part, output[`${name}.wasm`]);
    renameSync(part, target);
  } finally {
    rmSync(part, { force: true });
  }
}
