/** Whether a store still has all that its backups refer to, as far as it knows. */
import type { Connection } from "../connection.ts";

/** Asked anew for each snapshot: a loss may be found, or mended, while a connection lasts. */
export async function isWhole(connection: Connection): Promise<boolean> {
  const info = String(await connection.call("INFO", "store"));
  return !/^store_whole:0\r?$/m.test(info);
}
