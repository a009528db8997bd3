/** Where a server is, taken from a URL or a socket path. */
import { UsageError } from "../errors.ts";

export interface Address {
  /** For messages; never holds a password. */
  shown: string;
  /** A unix socket, or a host and port. */
  target: { path: string } | { host: string; port: number };
  tls: boolean;
  user?: string;
  password?: string;
  /** Database to select. */
  database?: string;
}

/** The port that datadb listens on when nothing else is said. */
export const DEFAULT_PORT = 9736;

/**
 * `redis://[user[:password]@]host[:port][/database]`, `rediss://` for TLS, `unix:///path/to/socket`.
 * @throws UsageError; its message does not repeat a password.
 */
export function parseAddress(from: string | { socket: string }): Address {
  if (typeof from !== "string") return { shown: from.socket, target: { path: from.socket }, tls: false };
  const url = URL.canParse(from) ? new URL(from) : null;
  const scheme = url?.protocol;
  if (url === null || !["redis:", "rediss:", "unix:"].includes(scheme ?? "")) {
    throw new UsageError("the server's address is not a URL that datadb knows", {
      next: "write redis://HOST:9736, rediss://HOST:9736 for TLS, or unix:///path/to/socket",
    });
  }
  if (scheme === "unix:") {
    const path = decodeURIComponent(url.pathname);
    return { shown: path, target: { path }, tls: false, ...credentials(url) };
  }
  if (url.hostname === "") throw new UsageError(`'${scheme}//' is followed by no host`);
  const port = url.port === "" ? DEFAULT_PORT : Number(url.port);
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const database = decodeURIComponent(url.pathname.slice(1));
  const shown = `${scheme}//${url.hostname}:${port}`;
  const address: Address = { shown, target: { host, port }, tls: scheme === "rediss:", ...credentials(url) };
  return database === "" ? address : { ...address, database };
}

function credentials(url: URL): { user?: string; password?: string } {
  return {
    ...(url.username === "" ? {} : { user: decodeURIComponent(url.username) }),
    ...(url.password === "" ? {} : { password: decodeURIComponent(url.password) }),
  };
}
