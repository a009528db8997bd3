import { expect, test } from "vitest";
import type { Session } from "../../connect/session.ts";
import { type Readers, readingSeats } from "./reading-seats.ts";
import type { RowsSeat } from "./rows-unit.ts";

/** A server with so many free connections. */
function serverAt(host: string, free = 100): Session {
  return { target: { hosts: [{ host, port: 5432 }] }, query: async () => [{ free }] } as unknown as Session;
}

const READERS: Readers = { jobs: undefined, workers: 2, isFirst: true, tables: 1000, cores: 2 };
const seat = (worker: number, lane = 0): RowsSeat => ({ worker, lane });
const [FIRST, SECOND, BESIDE] = [seat(0), seat(1), seat(0, 1)];

test.each([
  ["as many as asked for, in threads of their own", "/run", { jobs: 2 }, [FIRST, SECOND]],
  ["no more than there are threads", "/run", { jobs: 9 }, [FIRST, SECOND]],
  ["one for each processor of a server elsewhere", "db.example", {}, [FIRST, SECOND]],
  ["the same for what an earlier backup has", "/run", { isFirst: false }, [FIRST, SECOND]],
  [
    "half of the threads for a first backup here, with a second session for many tables",
    "/run",
    {},
    [FIRST, BESIDE],
  ],
  ["and without it for few tables", "127.0.0.1", { tables: 3 }, [FIRST]],
  [
    "one of each on four processors, twice",
    "/run",
    { cores: 4, workers: 4 },
    [seat(0), seat(1), BESIDE, seat(1, 1)],
  ],
  ["four threads on many", "/run", { cores: 16, workers: 4 }, [seat(0), seat(1), seat(2), seat(3)]],
  ["one on one", "/run", { cores: 1, workers: 1 }, [FIRST]],
])("sessions that read: %s", async (_what, host, more, seats) => {
  expect(await readingSeats(serverAt(host), { ...READERS, ...more })).toEqual(seats);
});

test("sessions that read: one where few connections are free", async () => {
  for (const free of [0, 3, 4])
    expect(await readingSeats(serverAt("db.example", free), READERS)).toEqual([FIRST]);
});
