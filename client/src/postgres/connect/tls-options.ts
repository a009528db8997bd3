/** What sslmode and its companions mean for a TLS connection of Node. */
import { createPrivateKey } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { ConnectionOptions } from "node:tls";
import { UsageError } from "@datadb/protocol";
import type { Parameters } from "./parameters.ts";

/** One way to try: with TLS, or (false) without. */
export type TlsAttempt = ConnectionOptions | false;

const MODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/** Ways to connect to `host`, to be tried in order: the next one when the server refuses the one before. Throws USAGE. */
export function tlsAttempts(parameters: Parameters, host: string, home: string = homedir()): TlsAttempt[] {
  // libpq does not encrypt what stays in the machine's memory.
  if (host.startsWith("/")) return [false];
  const system = parameters["sslrootcert"] === "system";
  const mode = parameters["sslmode"] ?? (system ? "verify-full" : "prefer");
  if (!MODES.includes(mode))
    throw new UsageError(`sslmode=${mode} is unknown`, `give one of ${MODES.join(", ")}`);
  if (system && mode !== "verify-full")
    throw new UsageError(
      `sslrootcert=system needs sslmode=verify-full, and it is ${mode}`,
      "leave sslmode out",
    );
  if (sslNegotiation(parameters) === "direct" && ["disable", "allow", "prefer"].includes(mode))
    throw new UsageError(
      `sslnegotiation=direct needs TLS, and sslmode is ${mode}`,
      "give sslmode=require, verify-ca or verify-full",
    );
  if (mode === "disable") return [false];
  const tls = tlsOptions(parameters, mode, host, home);
  if (mode === "allow") return [false, tls];
  return mode === "prefer" ? [tls, false] : [tls];
}

/** Whether TLS begins at once, or after the server was asked. Throws USAGE. */
export function sslNegotiation(parameters: Parameters): "postgres" | "direct" {
  const wanted = parameters["sslnegotiation"] ?? "postgres";
  if (wanted === "postgres" || wanted === "direct") return wanted;
  throw new UsageError(`sslnegotiation=${wanted} is unknown`, "give postgres or direct");
}

function tlsOptions(parameters: Parameters, mode: string, host: string, home: string): ConnectionOptions {
  const directory = join(home, ".postgresql");
  const root = parameters["sslrootcert"] ?? join(directory, "root.crt");
  const haveRoot = root !== "system" && existsSync(root);
  const verify = mode.startsWith("verify") || (mode === "require" && haveRoot);
  if (verify && root !== "system" && !haveRoot)
    throw new UsageError(
      `sslmode=${mode} needs the certificate of an authority, and there is no ${root}`,
      "name it with sslrootcert, or use sslrootcert=system",
    );
  const certificate = parameters["sslcert"] ?? ifThere(join(directory, "postgresql.crt"));
  const key = parameters["sslkey"] ?? ifThere(join(directory, "postgresql.key"));
  const revoked = verify ? revocationLists(parameters, directory) : [];
  const least = parameters["ssl_min_protocol_version"];
  const most = parameters["ssl_max_protocol_version"];
  return {
    host,
    rejectUnauthorized: verify,
    ...(verify && mode !== "verify-full" ? { checkServerIdentity: () => undefined } : {}),
    ...(haveRoot ? { ca: readPem(root, "sslrootcert") } : {}),
    ...(certificate === undefined || parameters["sslcertmode"] === "disable"
      ? {}
      : {
          cert: readPem(certificate, "sslcert"),
          ...(key === undefined ? {} : { key: readKey(key, parameters["sslpassword"]) }),
        }),
    ...(parameters["sslpassword"] === undefined ? {} : { passphrase: parameters["sslpassword"] }),
    ...(revoked.length === 0 ? {} : { crl: revoked }),
    ...(least === undefined ? {} : { minVersion: tlsVersion(least) }),
    ...(most === undefined ? {} : { maxVersion: tlsVersion(most) }),
  };
}

/** Lists of certificates that are not to be trusted any more; in a directory they are named by hash, as OpenSSL does. */
function revocationLists(parameters: Parameters, home: string): Buffer[] {
  const { sslcrl, sslcrldir } = parameters;
  const usual = sslcrl === undefined && sslcrldir === undefined ? ifThere(join(home, "root.crl")) : undefined;
  const files = [sslcrl, usual].filter((path) => path !== undefined);
  return [
    ...files.map((path) => readPem(path, "sslcrl")),
    ...(sslcrldir === undefined ? [] : listsIn(sslcrldir).map((path) => readPem(path, "sslcrldir"))),
  ];
}

function listsIn(directory: string): string[] {
  let names: string[];
  try {
    names = readdirSync(directory).filter((name) => /^[0-9a-f]{8}\.r\d+$/.test(name));
  } catch (cause) {
    throw new UsageError(`sslcrldir ${directory} cannot be read: ${(cause as Error).message}`, { cause });
  }
  // Without one nothing would be looked up.
  if (names.length === 0)
    throw new UsageError(
      `sslcrldir ${directory} has no list of revoked certificates`,
      "name them by hash: openssl rehash",
    );
  return names.sort().map((name) => join(directory, name));
}

/** Libpq's rule for the key's mode; and a key that nobody could use is told before a server is asked. */
function readKey(path: string, passphrase: string | undefined): Buffer {
  const key = readPem(path, "sslkey");
  const { mode, uid } = statSync(path);
  const others = uid === 0 ? 0o037 : 0o077;
  if ((mode & others) !== 0)
    throw new UsageError(
      `sslkey ${path} can be read by others than its owner`,
      "give it mode 0600, or 0640 when it belongs to root",
    );
  try {
    createPrivateKey({ key, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (cause) {
    const next = "look whether it is a private key as PEM, and sslpassword its passphrase";
    throw new UsageError(`sslkey ${path} cannot be used: ${(cause as Error).message}`, { next, cause });
  }
  return key;
}

function ifThere(path: string): string | undefined {
  return existsSync(path) ? path : undefined;
}

function readPem(path: string, keyword: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new UsageError(`${keyword} ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function tlsVersion(text: string): "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3" {
  const versions = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;
  const found = versions.find((version) => version.toLowerCase() === text.toLowerCase());
  if (found === undefined)
    throw new UsageError(`${text} is no version of TLS`, `give one of ${versions.join(", ")}`);
  return found;
}
