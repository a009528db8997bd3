/** Opens a session with the first of several servers that answers, as libpq would. */
import { DatabaseUnreachableError, type DatadbError, UsageError } from "@datadb/protocol";
import { connectHost } from "./connect-host.ts";
import type { MakeSocket } from "./make-client.ts";
import type { Session } from "./session.ts";
import type { PostgresHost, PostgresTarget } from "./target.ts";

/** SQLSTATE of a server that starts or ends. */
const CANNOT_CONNECT_NOW = "57P03";
/**
 * Connects to the first of the target's servers that answers and fits target_session_attrs. `socket`: instead of the driver's.
 * Throws DATABASE_UNREACHABLE, DATABASE_LOGIN, DATABASE_MISSING, USAGE.
 */
export async function openSession(
  target: PostgresTarget,
  applicationName: string,
  socket?: MakeSocket,
): Promise<Session> {
  const errors: DatadbError[] = [];
  for (const fallback of wantsFallback(target) ? [false, true] : [false]) {
    for (const host of inTurn(target)) {
      try {
        const session = await connectHost(target, host, applicationName, socket);
        if (fallback || (await fits(session, target.parameters["target_session_attrs"] ?? "any")))
          return session;
        await session.end();
        errors.push(
          new DatabaseUnreachableError(
            `${session.target.label}: the server is not ${target.parameters["target_session_attrs"]}`,
            "name another host, or change target_session_attrs",
          ),
        );
      } catch (error) {
        if (!mayBeUpElsewhere(error)) throw error;
        errors.push(error);
      }
    }
  }
  const [first, ...more] = errors;
  if (more.length === 0) throw first!;
  const all = [...new Set(errors.map(({ message }) => message))].join("; ");
  throw new DatabaseUnreachableError(all, { next: first!.next, cause: first });
}

/** The order in which servers are tried. Throws USAGE. */
function inTurn({ hosts, parameters }: PostgresTarget): readonly PostgresHost[] {
  const balance = parameters["load_balance_hosts"] ?? "disable";
  if (balance === "disable") return hosts;
  if (balance !== "random")
    throw new UsageError(`load_balance_hosts=${balance} is unknown`, "give disable or random");
  const drawn = hosts.map((host) => ({ host, lot: Math.random() }));
  return drawn.sort((a, b) => a.lot - b.lot).map(({ host }) => host);
}

/** Another server would not know better who we are, but it may be up, or have started. */
function mayBeUpElsewhere(error: unknown): error is DatabaseUnreachableError {
  if (!(error instanceof DatabaseUnreachableError)) return false;
  const { sqlstate } = error.fields;
  return sqlstate === undefined || sqlstate === CANNOT_CONNECT_NOW;
}

function wantsFallback({ parameters }: PostgresTarget): boolean {
  return parameters["target_session_attrs"] === "prefer-standby";
}

async function fits(session: Session, attributes: string): Promise<boolean> {
  if (attributes === "any") return true;
  if (attributes === "primary") return !session.server.inRecovery;
  if (attributes === "standby" || attributes === "prefer-standby") return session.server.inRecovery;
  const [row] = await session.query<{ read_only: string }>(
    "SELECT pg_catalog.current_setting('transaction_read_only') AS read_only",
  );
  if (attributes === "read-only") return row!.read_only === "on";
  if (attributes === "read-write") return row!.read_only === "off";
  throw new UsageError(
    `target_session_attrs=${attributes} is unknown`,
    "give any, primary, standby, prefer-standby, read-write or read-only",
  );
}
