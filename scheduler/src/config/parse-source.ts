/** Parses what a job backs up. */
import { homedir } from "node:os";
import { basename, resolve } from "node:path";
import { isPostgresUrl } from "@datadb/client";
import { DATABASE_KEYS, parseDatabase } from "./parse-database.ts";
import type { Source, SourceOptions } from "./scheduler-config.ts";
import type { YamlValue } from "./yaml-value.ts";

type Section = ReadonlyMap<string, YamlValue>;

/** Options of `datadb snapshot`: of a job for all its sources, or of one source. */
export const SOURCE_KEYS: readonly string[] = [
  "exclude",
  "excludeFrom",
  "gitignore",
  "excludeCaches",
  "oneFileSystem",
  "allowEmpty",
  "readAll",
  "workers",
  "meta",
  "tags",
];
const KINDS = ["paths", "command", "database"];
const OWN_KEYS = [...KINDS, ...DATABASE_KEYS, "name", "path", ...SOURCE_KEYS];
const FILE_KEYS = ["exclude", "excludeFrom", "gitignore", "excludeCaches", "oneFileSystem"] as const;
const FORM = `a path, a postgres:// URL, or a section with one of ${KINDS.join(", ")}`;
const MAX_WORKERS = 64;

/** A job of one source calls its backup as itself; with several, each is JOB.NAME. */
export function parseSources(job: Section, name: string, directory: string): Source[] {
  const [one, several] = [job.get("source"), job.get("sources")];
  const general = parseOptions(job, directory);
  if (one) {
    if (Array.isArray(one.plain))
      one.fail(
        "several sources are a list under sources:, each a backup; one backup of several paths is { paths: [...] }",
      );
    return [parseSource(one, general, directory, () => name)];
  }
  const list = several!.list("a list of sources");
  if (list.length === 0) several!.expected("at least one source");
  const sources = list.map((value) =>
    parseSource(value, general, directory, (own) => (list.length === 1 ? name : `${name}.${own}`)),
  );
  for (const [index, source] of sources.entries()) {
    const same = sources.findIndex((other) => other.name === source.name);
    if (same < index)
      list[index]!.fail(
        `its backup would be called ${source.name}, as that of line ${list[same]!.line}: add name:`,
      );
  }
  return sources;
}

function parseSource(
  value: YamlValue,
  general: SourceOptions,
  directory: string,
  nameOf: (own: string) => string,
): Source {
  if (typeof value.plain === "string" && isPostgresUrl(value.plain))
    return { ...parseDatabase(value, new Map(), nameOf), options: withoutFileOptions(general) };
  if (typeof value.plain === "string") {
    const path = pathOf(value, directory);
    return { source: [path], text: path, name: nameOf(basename(path) || "root"), options: general };
  }
  const section = value.section(OWN_KEYS, FORM);
  const own = parseOptions(section, directory);
  const path = section.get("path")?.text("the path of the series");
  const options: SourceOptions = {
    ...general,
    ...own,
    ...(path === undefined ? {} : { path }),
    meta: { ...general.meta, ...own.meta },
    tags: [...new Set([...(general.tags ?? []), ...(own.tags ?? [])])],
  };
  const [paths, command] = [section.get("paths"), section.get("command")];
  if (KINDS.filter((kind) => section.has(kind)).length !== 1) return value.expected(FORM);
  const given = section.get("name")?.text("a name");
  const database = section.get("database");
  if (database) {
    for (const key of FILE_KEYS) section.get(key)?.fail("is for files");
    const parsed = parseDatabase(database, section, (own) => given ?? nameOf(own));
    return { ...parsed, options: withoutFileOptions(options) };
  }
  for (const key of DATABASE_KEYS) section.get(key)?.fail("is for databases");
  if (command) {
    const words = commandWords(command);
    const name = given ?? nameOf(basename(words[0] === "/bin/sh" ? "command" : words[0]!));
    return { source: { command: words }, text: `command ${name}`, name, options };
  }
  const all = paths!.list("a list of paths").map((one) => pathOf(one, directory));
  if (all.length === 0) paths!.expected("at least one path");
  const name = given ?? nameOf(all.map((one) => basename(one) || "root").join(","));
  return { source: all, text: all.join(":"), name, options };
}

/** What a job says of its files is not meant for its databases. */
function withoutFileOptions(options: SourceOptions): SourceOptions {
  const kept: SourceOptions = { ...options };
  for (const key of FILE_KEYS) delete kept[key];
  return kept;
}

/** A text goes to the shell, a list is started as it is. */
function commandWords(command: YamlValue): string[] {
  const what = "a shell command, or a list of its words";
  if (Array.isArray(command.plain)) {
    const words = command.list(what).map((word) => word.text("a word"));
    return words.length > 0 ? words : command.expected(what);
  }
  return ["/bin/sh", "-c", command.text(what)];
}

function pathOf(value: YamlValue, directory: string): string {
  const text = value.text("a path");
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text))
    value.fail(`${text.split(":")[0]}:// is no kind of source that datadb knows`);
  if (text === "-") value.fail("standard input cannot be a source of a job: use command:");
  return resolve(directory, text.replace(/^~(?=\/|$)/, homedir()));
}

function parseOptions(section: Section, directory: string): SourceOptions {
  const options: SourceOptions = {};
  const texts = (key: string, what: string): string[] | undefined => {
    const value = section.get(key);
    if (value === undefined) return undefined;
    return typeof value.plain === "string"
      ? [value.text(what)]
      : value.list(`a list, each ${what}`).map((one) => one.text(what));
  };
  const exclude = texts("exclude", "a pattern");
  if (exclude) options.exclude = exclude;
  const excludeFrom = texts("excludeFrom", "a file")?.map((file) => resolve(directory, file));
  if (excludeFrom) options.excludeFrom = excludeFrom;
  for (const key of ["gitignore", "excludeCaches", "oneFileSystem", "allowEmpty", "readAll"] as const) {
    const value = section.get(key);
    if (value) options[key] = value.flag();
  }
  const workers = section.get("workers")?.number(1, MAX_WORKERS);
  if (workers !== undefined) options.jobs = workers;
  const meta = section.get("meta");
  if (meta) options.meta = metaOf(meta);
  const tags = texts("tags", "a tag");
  if (tags) options.tags = tags;
  return options;
}

function metaOf(meta: YamlValue): Record<string, unknown> {
  const entries = meta.entries("keys and values");
  // The run's own mark stands there.
  entries.get("scheduler")?.fail("is the scheduler's own: choose another key");
  return Object.fromEntries([...entries].map(([key, value]) => [key, value.plain]));
}
