/** Settings under which rows have one text, whoever asks: the same for every session that reads or loads rows. */

/**
 * Canonical settings, by name. What a row looks like depends on them, so they are recorded with a backup; whoever loads its
 * rows must have the same. Changing one makes every table look changed once.
 */
export const ROW_SETTINGS: Readonly<Record<string, string>> = {
  DateStyle: "ISO, MDY",
  IntervalStyle: "postgres",
  TimeZone: "UTC",
  array_nulls: "on",
  bytea_output: "hex",
  extra_float_digits: "3",
  // Money is an integer in cents: in the C locale its text can be read back by every server.
  lc_monetary: "C",
  quote_all_identifiers: "off",
  search_path: "",
  standard_conforming_strings: "on",
  xmloption: "content",
};

/** How a session works: patient, seeing every row or failing, and alone on its processor. */
const WORK_SETTINGS: Readonly<Record<string, string>> = {
  statement_timeout: "0",
  lock_timeout: "0",
  idle_in_transaction_session_timeout: "0",
  idle_session_timeout: "0",
  transaction_timeout: "0",
  row_security: "off",
  synchronize_seqscans: "off",
  // Parallelism is the client's: one backend for each job that was asked for.
  max_parallel_workers_per_gather: "0",
  jit: "off",
};

/**
 * Of the settings above, those on which definitions depend and which pg_dump leaves as database or role have them; and the timeout that
 * may end the very first command.
 */
const STARTUP_SETTINGS = [
  "statement_timeout=0",
  "quote_all_identifiers=off",
  "standard_conforming_strings=on",
  "bytea_output=hex",
  "lc_monetary=C",
  // A standby refuses every command under serializable.
  "default_transaction_isolation=read\\ committed",
];

/** Startup options that come before the first command. `options`: those that were asked for. */
export function startupOptions(options: string | undefined): string {
  return [...(options === undefined ? [] : [options]), ...STARTUP_SETTINGS.map((one) => `-c ${one}`)].join(
    " ",
  );
}

/** One command that sets all of them; what a server of another version does not know is left out. */
export function settingsCommand(encoding: string): string {
  const settings = { ...ROW_SETTINGS, ...WORK_SETTINGS, client_encoding: clientEncoding(encoding) };
  const values = Object.entries(settings).map(([name, value]) => `('${name.toLowerCase()}', '${value}')`);
  // Only names: pg_settings would compute every value, a hundred times slower.
  return (
    `SELECT pg_catalog.set_config(v.name, v.value, false) FROM (VALUES ${values.join(", ")}) AS v (name, value) ` +
    "WHERE pg_catalog.current_setting(v.name, true) IS NOT NULL"
  );
}

/** Text comes as UTF-8; bytes of a database that does not know its encoding come as they are. */
export function clientEncoding(server: string): string {
  return server === "SQL_ASCII" ? "SQL_ASCII" : "UTF8";
}
