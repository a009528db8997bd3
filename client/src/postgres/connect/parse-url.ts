/** Reads a postgres:// URL by libpq's rules, which are not those of the web: several hosts, sockets, percent-encoding everywhere. */
import { UsageError } from "@datadb/protocol";
import { isParameter, type Parameters } from "./parameters.ts";

const SCHEME = /^postgres(?:ql)?:\/\//i;
const NEXT = "write postgres://[USER@][HOST[:PORT]]/DATABASE[?PARAMETER=VALUE]";

/** Whether a text is meant as the URL of a PostgreSQL database. */
export function isPostgresUrl(text: string): boolean {
  return SCHEME.test(text);
}

/** The parameters that the URL sets. Throws USAGE; a password in the URL is in no message. */
export function parseUrl(url: string): Parameters {
  const rest = url.replace(SCHEME, "");
  if (rest === url) throw new UsageError("a database URL begins with postgres://", NEXT);
  const question = rest.indexOf("?");
  const place = question < 0 ? rest : rest.slice(0, question);
  const query = question < 0 ? "" : rest.slice(question + 1);
  const found: Record<string, string> = {};
  const slash = place.indexOf("/");
  const authority = slash < 0 ? place : place.slice(0, slash);
  const database = slash < 0 ? "" : place.slice(slash + 1);
  const at = authority.indexOf("@");
  if (at >= 0) {
    const [user, ...password] = authority.slice(0, at).split(":");
    set(found, "user", user!);
    set(found, "password", password.join(":"));
  }
  setHosts(found, authority.slice(at + 1));
  set(found, "dbname", database);
  for (const pair of query === "" ? [] : query.split("&")) setParameter(found, pair);
  return found;
}

/** Whether the URL itself holds a password: whoever sees it typed knows it. Throws USAGE. */
export function holdsPassword(url: string): boolean {
  return parseUrl(url)["password"] !== undefined;
}

function set(found: Record<string, string>, keyword: string, encoded: string): void {
  if (encoded !== "") found[keyword] = decode(encoded, keyword);
}

function decode(encoded: string, keyword: string): string {
  let text: string;
  try {
    text = decodeURIComponent(encoded);
  } catch {
    throw new UsageError(
      `${keyword} in the database URL is not well percent-encoded`,
      `${NEXT}; % itself is %25`,
    );
  }
  if (text.includes("\0")) throw new UsageError(`${keyword} in the database URL holds %00`, NEXT);
  return text;
}

function setHosts(found: Record<string, string>, authority: string): void {
  if (authority === "") return;
  const hosts: string[] = [];
  const ports: string[] = [];
  for (const one of authority.split(",")) {
    const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]*))(?::(\d*))?$/.exec(one) ?? [];
    if (bracketed === undefined && plain === undefined)
      throw new UsageError(
        `'${one}' in the database URL is no HOST or HOST:PORT`,
        `${NEXT}; IPv6 addresses in []`,
      );
    hosts.push(decode(bracketed ?? plain!, "host"));
    ports.push(port ?? "");
  }
  if (hosts.some((host) => host !== "")) found["host"] = hosts.join(",");
  if (ports.some((port) => port !== "")) found["port"] = ports.join(",");
}

function setParameter(found: Record<string, string>, pair: string): void {
  const [key, ...value] = pair.split("=");
  const keyword = decode(key!, "a parameter");
  if (value.length !== 1)
    throw new UsageError(`'${keyword}' in the database URL is no PARAMETER=VALUE`, NEXT);
  const text = decode(value[0]!, keyword);
  if (keyword === "ssl" && text === "true") found["sslmode"] = "require";
  else if (!isParameter(keyword))
    throw new UsageError(`'${keyword}' in the database URL is no parameter of a connection`, NEXT);
  else if (text !== "") found[keyword] = text;
}
