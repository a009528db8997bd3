/** What all sessions of one open database share: users, monitors, counters, who is connected. */
import { randomBytes } from "node:crypto";
import { COMMANDS } from "@datadb/protocol";
import { openUsers, type Users } from "../access/users.ts";
import type { Database } from "../database.ts";
import { type CommandStatistics, emptyStatistics } from "../dispatch/command-statistics.ts";
import { createMonitor, type Monitor } from "../monitor/monitor.ts";
import { createMetaCache, type MetaCache } from "../views/meta-cache.ts";
import { type CursorMemory, createCursorMemory } from "./cursor-memory.ts";
import { keyCounter } from "./key-counts.ts";
import type { Session } from "./session.ts";
import { WriteGate } from "./write-gate.ts";

export interface ServerState {
  readonly database: Database;
  readonly monitor: Monitor;
  /** Open sessions by number, embedded ones included. */
  readonly sessions: Map<number, Session>;
  users: Users;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Connections accepted by listeners since the start, and those turned away because there were too many. */
  connectionsReceived: number;
  connectionsRejected: number;
  commandsProcessed: number;
  /** By the index of the command. */
  readonly statistics: readonly CommandStatistics[];
  readonly writeGate: WriteGate;
  readonly metas: MetaCache;
  readonly cursors: CursorMemory;
  nextSession: number;
  /** 20 random bytes in hex: another one after each start. */
  readonly runId: string;
  /** Connections that listeners admit. */
  maxClients: number;
  readonly keyCounts: () => Promise<Map<string, number>>;
  /** Addresses that listeners are bound to, for INFO. */
  listening: { resp?: string; socket?: string; http?: string };
  /** Writes errors that are nobody's answer to the log. */
  report(error: unknown): void;
  /** Ends the process that holds the store, in order; set by whoever runs it. Absent: SHUTDOWN is refused. */
  shutdown?: () => void;
}

const states = new WeakMap<Database, ServerState>();

/** The state that belongs to the database, made at first use: listeners and embedded sessions find the same one. */
export function serverState(database: Database): ServerState {
  const found = states.get(database);
  if (found !== undefined) return found;
  const state: ServerState = {
    database,
    monitor: createMonitor(),
    sessions: new Map(),
    users: openUsers(undefined),
    startedAt: Date.now(),
    connectionsReceived: 0,
    connectionsRejected: 0,
    commandsProcessed: 0,
    statistics: Array.from(COMMANDS, () => emptyStatistics()),
    writeGate: new WriteGate(),
    metas: createMetaCache(),
    cursors: createCursorMemory(),
    nextSession: 1,
    runId: randomBytes(20).toString("hex"),
    maxClients: 0,
    keyCounts: keyCounter(database),
    listening: {},
    report: (error) =>
      process.stderr.write(
        `datadb: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      ),
  };
  states.set(database, state);
  return state;
}
