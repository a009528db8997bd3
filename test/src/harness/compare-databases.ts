/** Compares two databases by what pg_dump says of them: definitions byte for byte, rows of each table as a sorted set. */
import { join } from "node:path";
import { connectionString, type Postgres } from "./postgres.ts";
import { mustRun } from "./run-program.ts";

export interface Place {
  server: Postgres;
  /** A name that is no word of SQL and no part of one: it is struck out of definitions. */
  database: string;
}

export interface Dumped {
  /** Definitions, with those of the database itself. Its name is written as `DATABASE`. */
  schema: string;
  /** The sorted rows of each table, by its COPY statement. */
  tables: Map<string, string[]>;
  /** Everything else, sorted: values of sequences, large objects, what materialized views hold. */
  rest: string[];
}

const MOST_SHOWN = 60;

/** What differs, as lines to show; empty when nothing does. */
export async function databaseDifferences(left: Place, right: Place): Promise<string[]> {
  const [before, after] = [await dumpOf(left), await dumpOf(right)];
  const lines = lineDifferences("schema", before.schema.split("\n"), after.schema.split("\n"));
  for (const table of new Set([...before.tables.keys(), ...after.tables.keys()]))
    lines.push(...lineDifferences(table, before.tables.get(table) ?? [], after.tables.get(table) ?? []));
  lines.push(...lineDifferences("other", before.rest, after.rest));
  return lines.slice(0, MOST_SHOWN);
}

/** What pg_dump of the server's version prints. */
export async function dumpOf({ server, database }: Place): Promise<Dumped> {
  const dump = async (...words: string[]): Promise<string> => {
    const all = [
      "--restrict-key=datadb",
      "--encoding=UTF8",
      ...words,
      "--dbname",
      connectionString(database),
    ];
    // The first queries of pg_dump come before it sets the timeout itself.
    const PGOPTIONS = "-c statement_timeout=0";
    const env = {
      PATH: process.env["PATH"],
      HOME: "/nonexistent",
      LANG: "C.UTF-8",
      PGOPTIONS,
      ...server.env,
    };
    const printed = await mustRun(join(server.bin, "pg_dump"), all, { env });
    return printed.toString("latin1");
  };
  const schema = await dump("--schema-only", "--create");
  const { tables, rest } = parseData(await dump("--data-only"));
  const views = (await server.psql(database, MATERIALIZED_VIEWS)).split("\n");
  return { schema: withoutName(schema, database), tables, rest: [...rest, ...views].sort() };
}

/** pg_dump does not say in its definitions whether a materialized view is filled, nor ever with what. */
const MATERIALIZED_VIEWS = `
  SET statement_timeout = 0;
  SELECT format('materialized view %I.%I: %s', n.nspname, c.relname, CASE WHEN relispopulated
    THEN query_to_xml(format('SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text COLLATE "C")) FROM %I.%I AS t',
      n.nspname, c.relname), true, true, '')::text ELSE 'not filled' END)
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace WHERE relkind = 'm' ORDER BY 1`;

function withoutName(schema: string, database: string): string {
  const lines = schema.replaceAll(/^\\(?:connect|encoding) .*\n/gm, "");
  const plain = Buffer.from(database).toString("latin1");
  return lines.replaceAll(`"${plain.replaceAll('"', '""')}"`, "DATABASE").replaceAll(plain, "DATABASE");
}

function parseData(text: string): Pick<Dumped, "tables" | "rest"> {
  const tables = new Map<string, string[]>();
  const rest: string[] = [];
  let rows: string[] | null = null;
  // A statement goes over several lines where a name holds line ends.
  let statement = "";
  for (const line of text.split("\n")) {
    if (rows !== null) {
      if (line === "\\.") rows = null;
      else rows.push(line);
      continue;
    }
    statement = line.startsWith("COPY ") ? line : `${statement}\n${line}`;
    if (line.endsWith(" FROM stdin;")) {
      rows = [];
      tables.set(statement, rows);
    }
    if (line !== "" && !line.startsWith("--")) rest.push(line);
  }
  for (const lines of tables.values()) lines.sort();
  return { tables, rest: rest.sort() };
}

/** Lines that one side has more often than the other; else the first place where their order parts. */
function lineDifferences(what: string, before: readonly string[], after: readonly string[]): string[] {
  const surplus = new Map<string, number>();
  for (const line of before) surplus.set(line, (surplus.get(line) ?? 0) + 1);
  for (const line of after) surplus.set(line, (surplus.get(line) ?? 0) - 1);
  const lines = [...surplus].flatMap(([line, count]) =>
    count === 0 ? [] : `${what}: only ${count > 0 ? "left" : "right"}: ${line}`.slice(0, 300),
  );
  if (lines.length > 0) return lines;
  const at = before.findIndex((line, i) => line !== after[i]);
  return at < 0 ? [] : [`${what}: line ${at + 1}: left ${before[at]}, right ${after[at]}`];
}
