/** What sslmode and its companions mean for a TLS connection of Node. */
import { existsSync, readFileSync } from "node:fs";
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
  if (mode === "disable") return [false];
  const tls = tlsOptions(parameters, mode, host, home);
  if (mode === "allow") return [false, tls];
  return mode === "prefer" ? [tls, false] : [tls];
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
  const revoked = parameters["sslcrl"] ?? ifThere(join(directory, "root.crl"));
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
          ...(key === undefined ? {} : { key: readPem(key, "sslkey") }),
        }),
    ...(parameters["sslpassword"] === undefined ? {} : { passphrase: parameters["sslpassword"] }),
    ...(revoked === undefined || !verify ? {} : { crl: readPem(revoked, "sslcrl") }),
    ...(least === undefined ? {} : { minVersion: tlsVersion(least) }),
    ...(most === undefined ? {} : { maxVersion: tlsVersion(most) }),
  };
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
