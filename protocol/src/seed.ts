/** The seed of a test run: `DATADB_TEST_SEED`, else a new one; tests put it into their names, so that a failure can be repeated. */
const given = Number(process.env["DATADB_TEST_SEED"]);

/** An integer. */
export const SEED: number =
  Number.isSafeInteger(given) && given > 0 ? given : Math.floor(Math.random() * 2 ** 31) + 1;
