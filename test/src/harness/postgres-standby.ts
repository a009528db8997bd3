/** A hot standby that follows a throwaway PostgreSQL. */
import { join } from "node:path";
import { type Postgres, startOn } from "./postgres.ts";
import { asServerUser, newServerDirectory } from "./postgres-cluster.ts";
import { waitFor } from "./wait-for.ts";

export interface Standby extends Postgres {
  /** Resolves when everything that the primary has written so far is applied. */
  caughtUp(): Promise<void>;
}

/** Copies the primary and resolves when the standby answers queries. */
export async function startStandby(primary: Postgres): Promise<Standby> {
  const directory = await newServerDirectory();
  const words = ["-D", join(directory, "data"), "-R", "-X", "stream", "--checkpoint=fast", "--no-sync"];
  await asServerUser(join(primary.bin, "pg_basebackup"), words, directory, primary.env);
  const standby = await startOn(directory, primary.version, { hot_standby: "on" });
  return {
    ...standby,
    caughtUp: async () => {
      const lsn = await primary.psql("postgres", "SELECT pg_current_wal_flush_lsn()");
      await waitFor(
        "the standby to catch up",
        async () =>
          (await standby.psql("postgres", `SELECT pg_last_wal_replay_lsn() >= '${lsn}'::pg_lsn`)) === "t",
      );
    },
  };
}
