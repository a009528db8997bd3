/** The tables of a shop, as `COPY ... TO STDOUT` prints their rows: tab-separated, `\N` for null. */
import { type Random, randomOf } from "./random.ts";
import { sentence, word } from "./words.ts";

export interface Table {
  name: string;
  /** Rows on the first day. */
  rows: number;
  /**
   * The fields after the primary key. `r` gives what a row keeps for ever, `u` what an update changes: a state, an amount, a note,
   * a time. `at` is the row's time in seconds.
   */
  fields(r: Random, id: number, at: number, u: Random): string;
  /** Recent rows that each day updates, as a part of all: each order changes its state twice, a payment once, a log never. */
  updated: number;
}

const STATES = ["new", "paid", "packed", "shipped", "delivered", "returned"];
const EVENTS = ["view", "click", "search", "add_to_cart", "remove_from_cart", "checkout", "login", "logout"];
/** The first row's time: 2024-01-01. */
const BEGIN = 1_704_067_200;
/** What one visitor does in a row. */
const EVENTS_OF_SESSION = 6;
const SESSIONS = 98;
const SECONDS_PER_DAY = 86_400;

/** To the millisecond, as the clocks of applications write it. */
const time = (seconds: number, random: Random): string => {
  const date = new Date(seconds * 1000 + random.integer(1000)).toISOString();
  return `${date.slice(0, 10)} ${date.slice(11, 23)}+00`;
};
const money = (random: Random, most: number): string => (random.integer(most * 100) / 100).toFixed(2);
const uuid = (r: Random): string => `${r.hex(8)}-${r.hex(4)}-4${r.hex(3)}-a${r.hex(3)}-${r.hex(12)}`;
const maybe = (random: Random, probability: number, value: string): string =>
  random.fraction() < probability ? value : "\\N";

export const TABLES: readonly Table[] = [
  {
    name: "customers",
    rows: 400_000,
    updated: 0.01,
    fields: (r, id, at, u) =>
      `${uuid(r)}\t${word(r)}.${word(r)}${id % 1000}@example.com\t${word(r)} ${word(r)}\t${time(at, r)}\t${maybe(u, 0.4, sentence(u, 4))}\t{"newsletter": ${u.integer(2) === 0}, "language": "${word(r)}", "theme": "dark", "currency": "EUR"}`,
  },
  {
    name: "addresses",
    rows: 500_000,
    updated: 0.002,
    fields: (r, id, at, u) =>
      `${Math.floor(id * 0.8) + 1}\t${word(r)} street ${u.integer(300)}\t${word(r)}\t${10000 + r.integer(89999)}\t${["DE", "FR", "GB", "US", "PL"][r.integer(5)]}\t${maybe(u, 0.2, sentence(u, 3))}\t${time(at, r)}\t${time(at + SECONDS_PER_DAY, u)}`,
  },
  {
    name: "products",
    rows: 100_000,
    updated: 0.05,
    fields: (r, _id, at, u) =>
      `${r.hex(12).toUpperCase()}\t${sentence(r, 4)}\t${sentence(r, 30)}\t${money(u, 500)}\t{"weight": ${r.integer(5000)}, "colour": "${word(r)}", "sizes": [${u.integer(40)}, ${u.integer(40)}]}\t${time(at, u)}`,
  },
  {
    name: "orders",
    rows: 900_000,
    updated: 0.03,
    fields: (r, _id, at, u) =>
      `${uuid(r)}\t${1 + r.integer(400_000)}\t${STATES[u.integer(STATES.length)]}\t${money(r, 900)}\t${time(at, r)}\t${time(at + u.integer(SECONDS_PER_DAY), u)}\t${maybe(r, 0.1, sentence(r, 6))}`,
  },
  {
    name: "order_items",
    rows: 1_900_000,
    updated: 0.001,
    fields: (r, id, at, u) =>
      `${Math.floor(id * 0.47) + 1}\t${1 + r.integer(100_000)}\t${1 + u.integer(5)}\t${money(r, 200)}\t${money(u, 20)}\t${sentence(r, 2)}\t${time(at, u)}`,
  },
  {
    name: "payments",
    rows: 700_000,
    updated: 0.01,
    fields: (r, id, at, u) =>
      `${Math.floor(id * 1.2) + 1}\t${["card", "transfer", "invoice"][r.integer(3)]}\t${money(r, 900)}\tEUR\t${time(at, r)}\t${time(at + 60, u)}\t${r.hex(24)}\t${maybe(u, 0.05, `declined: ${word(u)}`)}`,
  },
  {
    name: "events",
    rows: 1_200_000,
    updated: 0,
    fields: (r, id, at) => {
      const session = randomOf(SESSIONS, Math.floor(id / EVENTS_OF_SESSION), 0);
      return `${maybe(session, 0.7, String(1 + session.integer(400_000)))}\t${EVENTS[r.integer(EVENTS.length)]}\t${time(at, r)}\t{"path": "/${word(r)}/${word(r)}", "ms": ${r.integer(3000)}, "browser": "${session.integer(40)}", "referrer": "/${word(r)}", "session": "${session.hex(16)}"}`;
    },
  },
  {
    name: "reviews",
    rows: 250_000,
    updated: 0.01,
    fields: (r, _id, at, u) =>
      `${1 + r.integer(100_000)}\t${1 + r.integer(400_000)}\t${1 + u.integer(5)}\t${sentence(r, 5)}\t${sentence(r, 12 + r.integer(40))}\t${time(at, r)}\t{"helpful": ${u.integer(50)}, "reported": 0, "verified": true}`,
  },
  {
    name: "stock_moves",
    rows: 350_000,
    updated: 0,
    fields: (r, _id, at, u) =>
      `${1 + r.integer(100_000)}\t${r.integer(12)}\t${u.integer(200) - 100}\t${time(at, r)}\t${["sale", "return", "delivery", "count"][r.integer(4)]}\t${sentence(u, 4)}`,
  },
];

/** One line of the table's dump. `version`: the day of its last update, 0 when there was none; the same version is the same on every day. */
export function rowOf(table: Table, number: number, id: number, version: number): string {
  const at = BEGIN + Math.floor((id / table.rows) * 600 * SECONDS_PER_DAY);
  return `${id}\t${table.fields(randomOf(number, id, 0), id, at, randomOf(number, id, version + 1))}\n`;
}
