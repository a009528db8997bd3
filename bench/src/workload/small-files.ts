/** Writes a tree of many small files that read like sources and notes. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Random, randomOf } from "./random.ts";
import { sentence, word } from "./words.ts";

const FILES_PER_DIRECTORY = 100;
const DIRECTORIES_PER_PARENT = 25;
const SUFFIXES = ["ts", "md", "json", "c", "txt"];

/** Writes so many files of 1 to 2 KB (mean) below the directory, and returns the directory. */
export function writeSmallFiles(directory: string, files: number): string {
  for (let number = 0; number * FILES_PER_DIRECTORY < files; number++) {
    const parent = `${word(randomOf(7, Math.floor(number / DIRECTORIES_PER_PARENT), 0))}-${Math.floor(number / DIRECTORIES_PER_PARENT)}`;
    const folder = join(directory, parent, `${word(randomOf(8, number, 0))}-${number}`);
    mkdirSync(folder, { recursive: true });
    const here = Math.min(FILES_PER_DIRECTORY, files - number * FILES_PER_DIRECTORY);
    for (let i = 0; i < here; i++) {
      const random = randomOf(9, number, i);
      const name = `${word(random)}-${word(random)}-${i}.${SUFFIXES[random.integer(SUFFIXES.length)]}`;
      writeFileSync(join(folder, name), content(random));
    }
  }
  return directory;
}

function content(random: Random): string {
  // Sizes spread as those of sources do: many small, some ten times as large.
  const lines = 3 + Math.floor(70 * random.fraction() ** 2.2);
  let text = `/* ${sentence(random, 8)} */\n`;
  for (let i = 0; i < lines; i++) {
    const indent = "  ".repeat(random.integer(4));
    text +=
      random.integer(3) === 0
        ? `${indent}// ${sentence(random, 3 + random.integer(9))}\n`
        : `${indent}const ${word(random)}_${word(random)} = ${word(random)}(${random.integer(1000)}, "${word(random)}");\n`;
  }
  return text;
}
