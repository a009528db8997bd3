/** Which database is meant: a URL completed by service, environment and defaults, in libpq's order. */
import { existsSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { UsageError } from "@datadb/protocol";
import { environmentFor, type Parameters, parametersOf } from "./parameters.ts";
import { parseUrl } from "./parse-url.ts";
import { passwordFromFile } from "./password-file.ts";
import { readService } from "./service-file.ts";

/** One server that may be tried. `host` beginning with / is the directory of a socket. */
export interface PostgresHost {
  host: string;
  /** The address to connect to, where the name is not to be looked up. */
  address: string | null;
  port: number;
  password: string | null;
}

export interface PostgresTarget {
  /** Complete: user and dbname are always there. */
  readonly parameters: Parameters;
  readonly user: string;
  readonly database: string;
  /** Servers to try, in order. */
  readonly hosts: readonly PostgresHost[];
  /** For messages: host, port and database, no user and no secret. */
  readonly label: string;
  /** What the person should know, such as a file of passwords that others can read. */
  readonly warnings: readonly string[];
  /** For programs of PostgreSQL: the same database through PG* variables. */
  readonly environment: NodeJS.ProcessEnv;
}

const DEFAULT_PORT = "5432";
/** Where servers put their sockets: Debian's place, then PostgreSQL's own. */
const SOCKET_DIRECTORIES = ["/var/run/postgresql", "/tmp"];

/** What would not be kept if it were ignored: refused, since a driver in JavaScript cannot do it. */
const NOT_POSSIBLE: Readonly<Record<string, (value: string) => boolean>> = {
  gssencmode: (value) => value === "require",
  sslcertmode: (value) => value === "require",
  min_protocol_version: (value) => value !== "3.0",
};

/** Throws USAGE for what is no URL of a database, an unknown service, or a demand that cannot be kept. */
export function postgresTarget(url: string, environment: NodeJS.ProcessEnv = process.env): PostgresTarget {
  const home = environment["HOME"] || homedir();
  const typed = parseUrl(url);
  const fromEnvironment = parametersOf(environment);
  const service = typed["service"] ?? fromEnvironment["service"];
  const parameters: Record<string, string> = {
    ...fromEnvironment,
    ...(service === undefined ? {} : readService(service, environment, home)),
    ...typed,
  };
  delete parameters["service"];
  parameters["user"] ??= userInfo().username;
  parameters["dbname"] ??= parameters["user"];
  parameters["passfile"] ??= join(home, ".pgpass");
  for (const [keyword, refused] of Object.entries(NOT_POSSIBLE)) {
    const value = parameters[keyword];
    if (value !== undefined && refused(value))
      throw new UsageError(`${keyword}=${value} is not supported`, `connect without ${keyword}`);
  }
  const seconds = parameters["connect_timeout"];
  if (seconds !== undefined && !/^\s*[+-]?\d+\s*$/.test(seconds))
    throw new UsageError(`connect_timeout=${seconds} is no whole number`, "give seconds");
  return targetOf(parameters, environment, []);
}

/** The same server and user, another database. */
export function targetDatabase(target: PostgresTarget, database: string): PostgresTarget {
  return targetOf({ ...target.parameters, dbname: database }, target.environment, target.warnings);
}

/** Only this one of its servers: what runs beside a session must meet the same. */
export function targetHost(target: PostgresTarget, host: PostgresHost): PostgresTarget {
  const { hostaddr: _address, password: _password, ...others } = target.parameters;
  const parameters = {
    ...others,
    host: host.host,
    port: String(host.port),
    ...(host.address === null ? {} : { hostaddr: host.address }),
    ...(host.password === null ? {} : { password: host.password }),
  };
  return targetOf(parameters, target.environment, target.warnings);
}

function targetOf(
  parameters: Parameters,
  environment: NodeJS.ProcessEnv,
  before: readonly string[],
): PostgresTarget {
  const warnings = new Set(before);
  const user = parameters["user"]!;
  const database = parameters["dbname"]!;
  const hosts = hostsOf(parameters, user, database, (text) => warnings.add(text));
  const first = hosts[0]!;
  const where = first.host.startsWith("/") ? first.host : `${first.host}:${first.port}`;
  return {
    parameters,
    user,
    database,
    hosts,
    label: `${where}/${database}`,
    warnings: [...warnings],
    environment: environmentFor(parameters, environment),
  };
}

function hostsOf(
  parameters: Parameters,
  user: string,
  database: string,
  warn: (text: string) => void,
): PostgresHost[] {
  const addresses = parameters["hostaddr"]?.split(",") ?? [];
  const names = parameters["host"]?.split(",") ?? addresses.map(() => "");
  const ports = (parameters["port"] ?? DEFAULT_PORT).split(",");
  if (names.length === 0) names.push("");
  if (addresses.length > 0 && addresses.length !== names.length)
    throw new UsageError(
      `${names.length} hosts and ${addresses.length} values of hostaddr`,
      "give one address for each host",
    );
  if (ports.length > 1 && ports.length !== names.length)
    throw new UsageError(
      `${names.length} hosts and ${ports.length} ports`,
      "give one port, or one for each host",
    );
  return names.map((name, i) => {
    const text = (ports.length === 1 ? ports[0] : ports[i]) || DEFAULT_PORT;
    const port = Number(text);
    if (!/^\d+$/.test(text) || port < 1 || port > 65535)
      throw new UsageError(`'${text}' is no port`, "give a number from 1 to 65535");
    const address = addresses[i] || null;
    const host = name || address || defaultHost(port);
    return { host, address, port, password: passwordOf(parameters, { host, port, user, database }, warn) };
  });
}

function defaultHost(port: number): string {
  const there = SOCKET_DIRECTORIES.find((directory) => existsSync(join(directory, `.s.PGSQL.${port}`)));
  return there ?? SOCKET_DIRECTORIES[0]!;
}

function passwordOf(
  parameters: Parameters,
  { host, port, user, database }: { host: string; port: number; user: string; database: string },
  warn: (text: string) => void,
): string | null {
  const given = parameters["password"];
  if (given !== undefined) return given;
  const known = SOCKET_DIRECTORIES.includes(host) ? "localhost" : host;
  return passwordFromFile(parameters["passfile"]!, { host: known, port: String(port), database, user }, warn);
}
