/**
 * What config.yaml says about listeners, users and limits:
 *
 *     listeners: { host: 127.0.0.1, port: 9736, socket: /run/datadb/store.sock }
 *     http:      { host: 127.0.0.1, port: 9737 }          # or false
 *     tls:       { certificate: /etc/datadb/cert.pem, key: /etc/datadb/key.pem, client-ca: /etc/datadb/ca.pem }
 *     limits:    { clients: 1000, idle-seconds: 3600, partial-seconds: 60 }
 *     users:     { backup: { password: "env:DATADB_PASSWORD", right: append } }
 */
import { readFileSync } from "node:fs";
import type { TlsOptions } from "node:tls";
import { UsageError } from "@datadb/protocol";
import type { UserConfig } from "../access/users.ts";
import type { Settings } from "../database.ts";
import type { ConnectionLimits } from "./resp/connection-limits.ts";

export interface ServerConfig {
  host: string;
  port: number;
  /** A unix socket besides, or none. */
  socket: string | undefined;
  /** Null: no HTTP. */
  http: { host: string; port: number } | null;
  tls: TlsOptions | undefined;
  limits: Partial<ConnectionLimits>;
  users: Readonly<Record<string, UserConfig>>;
}

const LOCAL = "127.0.0.1";
/** The origin's ports. */
const RESP_PORT = 9736;
const HTTP_PORT = 9737;

type Section = Readonly<Record<string, unknown>>;

/** Reads the settings. Throws USAGE that names the key. Files are read, passwords stay as they are written. */
export function readServerConfig(settings: Settings): ServerConfig {
  const listeners = section(settings, "listeners", ["host", "port", "socket"]);
  const http = settings["http"] === false ? null : section(settings, "http", ["host", "port"]);
  return {
    host: text(listeners, "listeners", "host") ?? LOCAL,
    port: port(listeners, "listeners") ?? RESP_PORT,
    socket: text(listeners, "listeners", "socket"),
    http: http && { host: text(http, "http", "host") ?? LOCAL, port: port(http, "http") ?? HTTP_PORT },
    tls: readTls(settings),
    limits: readLimits(settings),
    users: readUsers(settings),
  };
}

function section(settings: Settings, name: string, known: readonly string[]): Section {
  const value = settings[name] ?? {};
  if (typeof value !== "object" || Array.isArray(value)) throw wrong(name, "is no section");
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) throw wrong(`${name}.${key}`, `is not known: ${name} has ${known.join(", ")}`);
  }
  return value as Section;
}

function wrong(key: string, what: string): UsageError {
  return new UsageError(`${key} in config.yaml ${what}`, { next: "correct config.yaml", fields: { key } });
}

function text(from: Section, name: string, key: string): string | undefined {
  const value = from[key];
  if (value === undefined || (typeof value === "string" && value !== "")) return value;
  throw wrong(`${name}.${key}`, "is no text");
}

function port(from: Section, name: string): number | undefined {
  const value = from["port"];
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 65_536) return value;
  throw wrong(`${name}.port`, "is no port");
}

function readTls(settings: Settings): TlsOptions | undefined {
  if (settings["tls"] === undefined) return undefined;
  const tls = section(settings, "tls", ["certificate", "key", "client-ca"]);
  const read = (key: string): Buffer => {
    const path = text(tls, "tls", key);
    if (path === undefined) throw wrong(`tls.${key}`, "is missing");
    try {
      return readFileSync(path);
    } catch (cause) {
      throw new UsageError(`tls.${key}: ${path} cannot be read`, {
        next: "correct config.yaml or the file's owner and mode",
        cause,
      });
    }
  };
  const options: TlsOptions = { cert: read("certificate"), key: read("key"), minVersion: "TLSv1.2" };
  if (tls["client-ca"] === undefined) return options;
  return { ...options, ca: read("client-ca"), requestCert: true, rejectUnauthorized: true };
}

const LIMITS: Readonly<Record<string, keyof ConnectionLimits>> = {
  clients: "clients",
  "idle-seconds": "idleSeconds",
  "partial-seconds": "partialSeconds",
  "in-flight-bytes": "inFlightBytes",
  "in-flight-commands": "inFlightCommands",
  "output-bytes": "outputBytes",
};

function readLimits(settings: Settings): Partial<ConnectionLimits> {
  const written = section(settings, "limits", Object.keys(LIMITS));
  const limits: Partial<ConnectionLimits> = {};
  for (const [key, value] of Object.entries(written)) {
    const least = key === "idle-seconds" ? 0 : 1;
    if (typeof value !== "number" || !Number.isInteger(value) || value < least) {
      throw wrong(`limits.${key}`, `is no whole number from ${least}`);
    }
    limits[LIMITS[key]!] = value;
  }
  return limits;
}

function readUsers(settings: Settings): Readonly<Record<string, UserConfig>> {
  const users = settings["users"] ?? {};
  if (typeof users !== "object" || Array.isArray(users)) throw wrong("users", "is no section");
  for (const [name, user] of Object.entries(users as Section)) {
    if (typeof user !== "object" || user === null) throw wrong(`users.${name}`, "has no password and right");
    section(users as Settings, name, ["password", "right"]);
  }
  return users as Readonly<Record<string, UserConfig>>;
}
