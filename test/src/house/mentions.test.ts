/** What the documents name exists: files and functions in backticks, and the decisions in their index. */
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";
import { FILES, MODULES, ROOMS, read } from "./repository.ts";

const DOCUMENTS = FILES.filter((path) => path.endsWith(".md"));
const files = new Set(FILES);

/** `` `code` `` of a document, without its blocks of code. */
function spansOf(path: string): string[] {
  const prose = read(path).replace(/^```[\s\S]*?^```/gm, "");
  return [...prose.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] as string);
}

/** As written from the root, from the document's folder, or from a folder of the document's room. */
function isFile(mention: string, document: string): boolean {
  const room = ROOMS.find((name) => document.startsWith(`${name}/`));
  return (
    files.has(normalize(mention)) ||
    files.has(normalize(join(dirname(document), mention))) ||
    (room !== undefined && FILES.some((path) => path.startsWith(`${room}/`) && path.endsWith(`/${mention}`)))
  );
}

test("every .ts and .md file that a document names exists", () => {
  const wrong: string[] = [];
  let found = 0;
  for (const path of DOCUMENTS) {
    for (const span of spansOf(path)) {
      if (!/^[\w./-]+\.(ts|md)$/.test(span)) continue;
      found += 1;
      if (!isFile(span, path)) wrong.push(`${path}: ${span}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(found, "the pattern finds mentions").toBeGreaterThan(50);
});

test("every function that a document names, as in `name()`, is in the sources", () => {
  const code = MODULES.map(read).join("\n");
  const wrong: string[] = [];
  for (const path of DOCUMENTS) {
    for (const span of spansOf(path)) {
      const [, name] = /^(?:\w+\.)?([a-zA-Z]\w*)\(\)$/.exec(span) ?? [];
      if (name !== undefined && !new RegExp(`\\b${name}\\b *[(<=:]`).test(code))
        wrong.push(`${path}: ${span}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("decisions are numbered once each and listed in their index", () => {
  const decisions = FILES.filter((path) => /^docs\/decisions\/\d/.test(path)).map((path) =>
    path.split("/").at(-1),
  );
  const numbers = decisions.map((name) => name?.slice(0, 4));
  expect([...new Set(numbers)], "two decisions share a number").toEqual(numbers);
  const index = read("docs/decisions/README.md");
  expect(decisions.filter((name) => !index.includes(`(${name})`))).toEqual([]);
  for (const name of decisions)
    expect(read(`docs/decisions/${name}`)).toMatch(new RegExp(`^# ${Number(name?.slice(0, 4))}\\. `));
});

test("every room has a page about itself, and the index of documents lists every document", () => {
  expect(ROOMS.filter((room) => !files.has(`${room}/README.md`))).toEqual([]);
  const index = read("docs/README.md");
  const documents = DOCUMENTS.filter((path) => /^docs\/[\w-]+\.md$/.test(path) && path !== "docs/README.md");
  expect(documents.filter((path) => !index.includes(`(${path.slice("docs/".length)})`))).toEqual([]);
});
