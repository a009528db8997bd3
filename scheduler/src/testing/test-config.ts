/** For tests: configurations from YAML text. */
import { parseConfig } from "../config/parse-config.ts";
import type { SchedulerConfig } from "../config/scheduler-config.ts";

/** As if it were in /etc/datadb, on host `test`, in UTC. */
export function testConfig(text: string, environment: NodeJS.ProcessEnv = {}): SchedulerConfig {
  return parseConfig(text, "scheduler.yaml", {
    environment: { DATADB_HOST: "test", TZ: "UTC", ...environment },
    directory: "/etc/datadb",
    checkSecrets: true,
  });
}
