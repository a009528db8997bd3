/** What a scan leaves out by name: --exclude and --exclude-from patterns, and .gitignore files. */
import ignore, { type Ignore } from "ignore";

import { joinPath, readablePath } from "./entry-path.ts";
import type { IgnoreFile } from "./scan-unit.ts";

/** Says whether an entry is left out; `below` is its path below SOURCE (latin1). */
export type IsExcluded = (below: string, isDirectory: boolean) => boolean;

interface Rule {
  base: string;
  test: (path: string) => { ignored: boolean; unignored: boolean };
}

/**
 * The rules that hold in one directory: a deeper .gitignore overrules a higher one, and patterns given by the
 * user overrule them all. Undefined when there are none, so that a scan need not ask.
 */
export function ignoreRules(
  exclude: readonly string[],
  files: readonly IgnoreFile[],
): IsExcluded | undefined {
  if (exclude.length === 0 && files.length === 0) return undefined;
  const given = matcherOf(exclude.join("\n"));
  const rules: Rule[] = files.map(({ directory, patterns }) => {
    const matcher = matcherOf(patterns);
    return {
      base: directory === "" ? "" : `${readablePath(directory)}/`,
      test: (path) => matcher.test(path),
    };
  });
  return (below, isDirectory) => {
    const path = readablePath(below) + (isDirectory ? "/" : "");
    if (given.ignores(path)) return true;
    for (let i = rules.length - 1; i >= 0; i--) {
      const { base, test } = rules[i]!;
      if (!path.startsWith(base)) continue;
      const { ignored, unignored } = test(path.slice(base.length));
      if (ignored || unignored) return ignored;
    }
    return false;
  };
}

/** Matchers by their patterns: the same ones hold in every directory below. */
const matchers = new Map<string, Ignore>();
const MAX_MATCHERS = 256;

function matcherOf(patterns: string): Ignore {
  let matcher = matchers.get(patterns);
  if (matcher === undefined) {
    if (matchers.size >= MAX_MATCHERS) matchers.clear();
    matcher = ignore({ ignorecase: false }).add(patterns);
    matchers.set(patterns, matcher);
  }
  return matcher;
}

/** Patterns that begin with SOURCE's absolute path are meant from its root on. */
export function anchorPatterns(patterns: readonly string[], source: string): string[] {
  const base = joinPath(source === "/" ? "" : source, "");
  return patterns.map((pattern) => {
    const negated = pattern.startsWith("!");
    const body = negated ? pattern.slice(1) : pattern;
    if (!body.startsWith(base) || body.length === base.length) return pattern;
    return `${negated ? "!" : ""}/${body.slice(base.length)}`;
  });
}
