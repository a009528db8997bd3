/** The connection parameters of libpq that are understood here, with the environment variables that set them. */

/** Keyword, environment variable or null. Children get every parameter that has a variable through it. */
const PARAMETERS: Readonly<Record<string, string | null>> = {
  service: "PGSERVICE",
  host: "PGHOST",
  hostaddr: "PGHOSTADDR",
  port: "PGPORT",
  dbname: "PGDATABASE",
  user: "PGUSER",
  password: "PGPASSWORD",
  passfile: "PGPASSFILE",
  channel_binding: "PGCHANNELBINDING",
  connect_timeout: "PGCONNECT_TIMEOUT",
  client_encoding: "PGCLIENTENCODING",
  options: "PGOPTIONS",
  application_name: "PGAPPNAME",
  fallback_application_name: null,
  keepalives: null,
  keepalives_idle: null,
  keepalives_interval: null,
  keepalives_count: null,
  tcp_user_timeout: null,
  replication: null,
  gssencmode: "PGGSSENCMODE",
  krbsrvname: "PGKRBSRVNAME",
  gsslib: "PGGSSLIB",
  gssdelegation: "PGGSSDELEGATION",
  sslmode: "PGSSLMODE",
  sslnegotiation: "PGSSLNEGOTIATION",
  sslcompression: "PGSSLCOMPRESSION",
  sslcert: "PGSSLCERT",
  sslkey: "PGSSLKEY",
  sslpassword: null,
  sslcertmode: "PGSSLCERTMODE",
  sslrootcert: "PGSSLROOTCERT",
  sslcrl: "PGSSLCRL",
  sslcrldir: "PGSSLCRLDIR",
  sslsni: "PGSSLSNI",
  requirepeer: "PGREQUIREPEER",
  require_auth: "PGREQUIREAUTH",
  ssl_min_protocol_version: "PGSSLMINPROTOCOLVERSION",
  ssl_max_protocol_version: "PGSSLMAXPROTOCOLVERSION",
  min_protocol_version: "PGMINPROTOCOLVERSION",
  max_protocol_version: "PGMAXPROTOCOLVERSION",
  target_session_attrs: "PGTARGETSESSIONATTRS",
  load_balance_hosts: "PGLOADBALANCEHOSTS",
};

/** Values by keyword. */
export type Parameters = Readonly<Record<string, string>>;

/** Whether libpq has a parameter of this name. */
export function isParameter(keyword: string): boolean {
  return Object.hasOwn(PARAMETERS, keyword);
}

/** What the environment sets; empty variables count as absent, as they do for libpq. */
export function parametersOf(environment: NodeJS.ProcessEnv): Parameters {
  const found: Record<string, string> = {};
  for (const [keyword, variable] of Object.entries(PARAMETERS)) {
    const value = variable === null ? undefined : environment[variable];
    if (value) found[keyword] = value;
  }
  return found;
}

/**
 * The environment for a program of PostgreSQL: what this process has, without any connection parameter of its own, and
 * with these. Nothing of it shows in the list of processes.
 */
export function environmentFor(parameters: Parameters, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const result = { ...environment };
  for (const [keyword, variable] of Object.entries(PARAMETERS)) {
    if (variable === null) continue;
    delete result[variable];
    const value = parameters[keyword];
    if (value) result[variable] = value;
  }
  // A service would win over the variables.
  delete result["PGSERVICE"];
  delete result["PGSERVICEFILE"];
  return result;
}
