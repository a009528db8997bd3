/** The whole of the daemon: jobs, configuration that changes, HTTP, word to systemd. */
import type { Connection } from "@datadb/client";
import type { SchedulerConfig } from "./config/scheduler-config.ts";
import { type Clock, systemClock } from "./daemon/clock.ts";
import { createDaemon } from "./daemon/create-daemon.ts";
import type { Daemon, DaemonEvent } from "./daemon/daemon.ts";
import { spawnRun } from "./daemon/spawn-run.ts";
import { systemdNotify } from "./daemon/systemd-notify.ts";
import { watchConfig } from "./daemon/watch-config.ts";
import { type HttpListener, openHttp } from "./http/open-http.ts";

export interface ServeOptions {
  config: SchedulerConfig;
  open(config: SchedulerConfig, signal: AbortSignal): Promise<Connection>;
  /** Words that start the datadb command, for runs. */
  command: readonly string[];
  environment: NodeJS.ProcessEnv;
  stateDirectory: string;
  signal: AbortSignal;
  onEvent(event: DaemonEvent): void;
  /** Lines that a run writes for people. */
  onLine(job: string, line: string): void;
  /** What is worth a look and stops nothing. */
  warn(text: string): void;
  /** Runs when everything is open. `httpUrl` is null without HTTP. */
  ready(httpUrl: string | null): void;
  /** Calls the listener when the file is to be read again (SIGHUP). */
  onReload(listener: () => void): void;
  clock?: Clock;
}

/** Resolves when the signal was aborted and everything has ended. Rejects when HTTP was asked for and cannot be. */
export async function serveScheduler(options: ServeOptions): Promise<void> {
  const { config, environment, signal, stateDirectory, clock = systemClock } = options;
  const { command, onLine: note } = options;
  const daemon = createDaemon({
    config,
    open: options.open,
    startRun: (current, job, planned) => spawnRun({ command, environment, note }, current, job, planned),
    clock,
    environment,
    stateDirectory,
  });
  daemon.subscribe(options.onEvent);
  const http = httpSwitch(daemon, options);
  const url = await http.use(config);
  const watch = watchConfig(config.file, config, environment, {
    accept(next) {
      daemon.reload(next);
      http.use(next).catch((error: Error) => daemon.reject(`HTTP: ${error.message}`));
    },
    reject: daemon.reject,
  });
  options.onReload(watch.reload);
  options.ready(url);
  systemdNotify(environment, "--ready");
  try {
    await daemon.run(signal);
  } finally {
    systemdNotify(environment, "--stopping");
    watch.close();
    await http.close();
  }
}

/** Listens as the newest configuration says. */
function httpSwitch(
  daemon: Daemon,
  { environment, warn }: ServeOptions,
): { use(config: SchedulerConfig): Promise<string | null>; close(): Promise<void> } {
  let open: HttpListener | undefined;
  let used = "";
  const close = async (): Promise<void> => {
    await open?.close();
    open = undefined;
  };
  return {
    close,
    async use({ http }) {
      if (JSON.stringify(http) === used) return null;
      used = JSON.stringify(http);
      await close();
      if (http === null) return null;
      try {
        open = await openHttp(daemon, http, environment);
        return `http://${http.host.includes(":") ? `[${http.host}]` : http.host}:${open.port}`;
      } catch (error) {
        if (http.explicit) throw error;
        warn(
          `no /healthz and /metrics: ${(error as Error).message}; choose another port in the section http`,
        );
        return null;
      }
    },
  };
}
