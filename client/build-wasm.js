// Compiles the chunker (assembly/fastcdc.ts) to wasm/fastcdc.wasm. Part of the build; see docs/formats.md for what it cuts.
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const room = dirname(fileURLToPath(import.meta.url));
const output = {};
const { error, stderr } = await asc.main(
  [
    "assembly/fastcdc.ts",
    "--outFile",
    "fastcdc.wasm",
    "--baseDir",
    room,
    "-O3",
    "--noAssert",
    "--runtime",
    "stub",
    "--enable",
    "threads",
    "--importMemory",
    "--sharedMemory",
    "--initialMemory",
    "1",
    "--maximumMemory",
    "65536",
  ],
  {
    writeFile: (name, contents) => {
      output[name] = contents;
    },
  },
);
if (error) {
  console.error(`${error.message}\n${stderr.toString()}`);
  process.exit(1);
}

// Written aside and renamed: several test processes may build at the same time.
const target = join(room, "wasm", "fastcdc.wasm");
const part = `${target}.${process.pid}`;
mkdirSync(dirname(target), { recursive: true });
try {
  writeFileSync(part, output["fastcdc.wasm"]);
  renameSync(part, target);
} finally {
  rmSync(part, { force: true });
}
