/** COPY ... TO STDOUT: hands on the bytes of rows as they come. */
import type pg from "pg";

/** Resolves when all have come. `onBytes` must not keep what it is given. */
export function copyRows(client: pg.Client, sql: string, onBytes: (bytes: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: Error | undefined;
    const nothing = (): void => {};
    client.query({
      submit(connection: { query(text: string): void }) {
        connection.query(sql);
        return null;
      },
      handleCopyData({ chunk }: { chunk: Buffer }) {
        onBytes(chunk);
      },
      handleError(error: Error) {
        failure ??= error;
        reject(failure);
      },
      handleReadyForQuery() {
        if (failure === undefined) resolve();
      },
      handleCopyInResponse: nothing,
      handleCommandComplete: nothing,
      handleEmptyQuery: nothing,
      handleRowDescription: nothing,
      handleDataRow: nothing,
      handlePortalSuspended: nothing,
    } as unknown as pg.Submittable);
  });
}
