/** The tables of a shop, as `COPY ... TO STDOUT` prints their rows: tab-separated, `\N` for null. */
import { type Random, randomOf } from "./random.ts";
import { sentence, word } from "./words.ts";

export interface Table {
  name: string;
  /** Rows on the first day. */
  rows: number;
  /** The fields after the primary key. `at` is the row's time in seconds. */
  fields(random: Random, id: number, at: number): string;
  /** Recent rows that the second day updates, as a part of all: orders change state, events do not. */
  updated: number;
}

const STATES = ["new", "paid", "packed", "shipped", "delivered", "returned"];
const EVENTS = ["view", "click", "search", "add_to_cart", "remove_from_cart", "checkout", "login", "logout"];
/** The first row's time: 2024-01-01. */
const BEGIN = 1_704_067_200;
const SECONDS_PER_DAY = 86_400;

const time = (seconds: number, random: Random): string => {
  const date = new Date(seconds * 1000).toISOString();
  return `${date.slice(0, 10)} ${date.slice(11, 19)}.${String(random.integer(1e6)).padStart(6, "0")}+00`;
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
    fields: (r, id, at) =>
      `${uuid(r)}\t${word(r)}.${word(r)}${id % 1000}@example.com\t${word(r)} ${word(r)}\t${time(at, r)}\t${maybe(r, 0.4, sentence(r, 4))}\t{"newsletter": ${r.integer(2) === 0}, "language": "${word(r)}", "theme": "dark", "currency": "EUR"}`,
  },
  {
    name: "addresses",
    rows: 500_000,
    updated: 0.01,
    fields: (r, id, at) =>
      `${Math.floor(id * 0.8) + 1}\t${word(r)} street ${r.integer(300)}\t${word(r)}\t${10000 + r.integer(89999)}\t${["DE", "FR", "GB", "US", "PL"][r.integer(5)]}\t${maybe(r, 0.2, sentence(r, 3))}\t${time(at, r)}\t${time(at + SECONDS_PER_DAY, r)}`,
  },
  {
    name: "products",
    rows: 100_000,
    updated: 0.05,
    fields: (r, _id, at) =>
      `${r.hex(12).toUpperCase()}\t${sentence(r, 4)}\t${sentence(r, 30)}\t${money(r, 500)}\t{"weight": ${r.integer(5000)}, "colour": "${word(r)}", "sizes": [${r.integer(40)}, ${r.integer(40)}]}\t${time(at, r)}`,
  },
  {
    name: "orders",
    rows: 900_000,
    updated: 0.04,
    fields: (r, _id, at) =>
      `${uuid(r)}\t${1 + r.integer(400_000)}\t${STATES[r.integer(STATES.length)]}\t${money(r, 900)}\t${time(at, r)}\t${time(at + r.integer(SECONDS_PER_DAY), r)}\t${maybe(r, 0.1, sentence(r, 6))}`,
  },
  {
    name: "order_items",
    rows: 1_900_000,
    updated: 0.01,
    fields: (r, id, at) =>
      `${Math.floor(id * 0.47) + 1}\t${1 + r.integer(100_000)}\t${1 + r.integer(5)}\t${money(r, 200)}\t${money(r, 20)}\t${sentence(r, 2)}\t${time(at, r)}`,
  },
  {
    name: "payments",
    rows: 700_000,
    updated: 0.02,
    fields: (r, id, at) =>
      `${Math.floor(id * 1.2) + 1}\t${["card", "transfer", "invoice"][r.integer(3)]}\t${money(r, 900)}\tEUR\t${time(at, r)}\t${time(at + 60, r)}\t${r.hex(24)}\t${maybe(r, 0.05, `declined: ${word(r)}`)}`,
  },
  {
    name: "events",
    rows: 1_200_000,
    updated: 0,
    fields: (r, _id, at) =>
      `${maybe(r, 0.7, String(1 + r.integer(400_000)))}\t${EVENTS[r.integer(EVENTS.length)]}\t${time(at, r)}\t{"path": "/${word(r)}/${word(r)}", "ms": ${r.integer(3000)}, "browser": "${r.integer(40)}", "referrer": "/${word(r)}", "session": "${r.hex(16)}"}`,
  },
  {
    name: "reviews",
    rows: 250_000,
    updated: 0.01,
    fields: (r, _id, at) =>
      `${1 + r.integer(100_000)}\t${1 + r.integer(400_000)}\t${1 + r.integer(5)}\t${sentence(r, 5)}\t${sentence(r, 12 + r.integer(40))}\t${time(at, r)}\t{"helpful": ${r.integer(50)}, "reported": 0, "verified": true}`,
  },
  {
    name: "stock_moves",
    rows: 350_000,
    updated: 0.01,
    fields: (r, _id, at) =>
      `${1 + r.integer(100_000)}\t${r.integer(12)}\t${r.integer(200) - 100}\t${time(at, r)}\t${["sale", "return", "delivery", "count"][r.integer(4)]}\t${sentence(r, 4)}`,
  },
];

/** One line of the table's dump. A row of the same version is the same on every day. */
export function rowOf(table: Table, number: number, id: number, version: number): string {
  const random = randomOf(number, id, version);
  const at = BEGIN + Math.floor((id / table.rows) * 600 * SECONDS_PER_DAY);
  return `${id}\t${table.fields(random, id, at)}\n`;
}
