/** DBSIZE */
import type { CommandHandler } from "../../dispatch/command.ts";
import { countKeys, RESERVED_DATABASE } from "../../keyspace/index.ts";

export const dbsize: CommandHandler = async (session) => {
  const [own, reserved] = await Promise.all(
    [session.database, RESERVED_DATABASE].map((database) => countKeys(session.view, database)),
  );
  return own! + reserved!;
};
