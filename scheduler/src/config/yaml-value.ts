/** A value of the configuration that knows where it stands: every mistake names file, line and what is expected. */
import { UsageError } from "@datadb/protocol";
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from "yaml";
import { DURATION_FORM, parseDuration } from "./duration.ts";
import { secretValue } from "./secret-value.ts";

/** All methods throw USAGE when the value is not what they are asked for. */
export interface YamlValue {
  /** Where it stands, such as `jobs[2].every`; empty for the whole file. */
  readonly key: string;
  readonly line: number;
  /** As JavaScript has it. */
  readonly plain: unknown;
  /** Throws USAGE: `problem` follows the key. */
  fail(problem: string): never;
  /** Throws USAGE: says what is expected and what was found. */
  expected(what: string): never;
  /** The values of a section that may have these keys only; those left empty are not among them. */
  section(known: readonly string[], what: string): ReadonlyMap<string, YamlValue>;
  /** The values of a section with any keys. */
  entries(what: string): ReadonlyMap<string, YamlValue>;
  list(what: string): YamlValue[];
  /** Not empty. */
  text(what: string): string;
  /** A text, or a reference to one (`env:NAME`, `file:/path`) that leads somewhere; it is returned as it is written. */
  secret(what: string): string;
  flag(): boolean;
  /** A whole number. */
  number(least: number, most: number): number;
  /** Milliseconds. */
  duration(leastMs?: number): number;
}

const MAX_SHOWN = 60;

/**
 * Parses a file's text. Throws USAGE for what is no YAML. References are looked up in `environment`; null: they are not
 * looked up at all.
 */
export function parseYaml(text: string, file: string, environment: NodeJS.ProcessEnv | null): YamlValue {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const refuse = (line: number, problem: string): never => {
    throw new UsageError(`${file}, line ${line}: ${problem}`, {
      next: `correct ${file}`,
      fields: { path: file, line },
    });
  };
  const [mistake] = document.errors;
  if (mistake)
    return refuse(lines.linePos(mistake.pos[0]).line, mistake.message.split("\n")[0] ?? "not YAML");
  const lineOf = (node: Node | null | undefined): number | undefined =>
    node?.range ? lines.linePos(node.range[0]).line : undefined;

  const value = (written: Node | null, key: string, above: number): YamlValue => {
    const node = isAlias(written) ? (written.resolve(document) ?? null) : written;
    const line = lineOf(written) ?? above;
    const plain: unknown = node === null ? null : node.toJS(document);
    const fail = (problem: string): never => refuse(line, key === "" ? problem : `${key}: ${problem}`);
    const expected = (what: string): never => fail(`expected ${what}, and found ${shown(plain)}`);
    const children = (map: YAMLMap, known?: readonly string[]): Map<string, YamlValue> => {
      const found = new Map<string, YamlValue>();
      for (const pair of map.items) {
        const name = String(isScalar(pair.key) ? pair.key.value : pair.key);
        const at = lineOf(pair.key as Node) ?? line;
        const child = value((pair.value ?? null) as Node | null, key === "" ? name : `${key}.${name}`, at);
        if (known && !known.includes(name))
          refuse(at, `${child.key}: unknown key (known: ${known.join(", ")})`);
        if (known && child.plain === null) child.fail("has no value");
        found.set(name, child);
      }
      return found;
    };
    return {
      key,
      line,
      plain,
      fail,
      expected,
      section: (known, what) => (isMap(node) ? children(node, known) : expected(what)),
      entries: (what) => (isMap(node) ? children(node) : expected(what)),
      list: (what) =>
        isSeq(node)
          ? node.items.map((item, index) => value(item as Node | null, `${key}[${index}]`, line))
          : expected(what),
      text: (what) => (typeof plain === "string" && plain !== "" ? plain : expected(what)),
      secret(what) {
        const written = this.text(what);
        try {
          if (environment) secretValue(written, "it", environment);
        } catch (error) {
          fail((error as Error).message);
        }
        return written;
      },
      flag: () => (typeof plain === "boolean" ? plain : expected("true or false")),
      number: (least, most) =>
        typeof plain === "number" && Number.isInteger(plain) && plain >= least && plain <= most
          ? plain
          : expected(`a whole number from ${least} to ${most}`),
      duration(leastMs = 0) {
        const ms = typeof plain === "string" ? parseDuration(plain) : undefined;
        return ms !== undefined && ms >= leastMs ? ms : expected(DURATION_FORM);
      },
    };
  };
  return value(document.contents as Node | null, "", 1);
}

function shown(plain: unknown): string {
  if (plain === null || plain === undefined) return "nothing";
  const text = typeof plain === "string" ? plain : JSON.stringify(plain);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
}
