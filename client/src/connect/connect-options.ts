/** How to reach a server and who the client is. */

export interface ConnectOptions {
  /** User to authenticate as; the URL's user wins. */
  user?: string;
  /**
   * Password, `env:NAME` or `file:/path` (its first line). The URL's password wins. Without either:
   * DATADB_PASSWORD, then the file that DATADB_PASSWORD_FILE names.
   */
  password?: string;
  /** For `rediss:` URLs; PEM text each. */
  tls?: { ca?: string; cert?: string; key?: string; servername?: string; rejectUnauthorized?: boolean };
  /** Shown by CLIENT LIST. */
  clientName?: string;
  /** Milliseconds until an attempt to connect is given up, and again until the server has answered once; 10 seconds by default. */
  timeoutMs?: number;
  /** Gives up connecting. An open connection stays for as long as the server answers; one that does not is left after five seconds. */
  signal?: AbortSignal;
}
