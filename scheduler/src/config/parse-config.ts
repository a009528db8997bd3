/** Parses the scheduler's file: every mistake is a USAGE error that names file, line, key and what is expected. */
import { homedir, hostname } from "node:os";
import { resolve } from "node:path";
import { parseJob } from "./parse-job.ts";
import { parseNotify, parseSmtp } from "./parse-notify.ts";
import { parseTimezone } from "./parse-timezone.ts";
import type { HttpSettings, Job, SchedulerConfig } from "./scheduler-config.ts";
import { parseYaml, type YamlValue } from "./yaml-value.ts";

const KEYS = [
  "store",
  "host",
  "timezone",
  "anacron",
  "jitter",
  "concurrency",
  "http",
  "smtp",
  "retries",
  "notify",
  "jobs",
];
const DEFAULT_CONCURRENCY = 4;
const DEFAULT_HTTP: HttpSettings = { host: "127.0.0.1", port: 9738, password: undefined, explicit: false };

export interface ParseOptions {
  /** References must lead somewhere: not for who only looks at the file and has not the scheduler's environment. */
  checkSecrets: boolean;
  environment: NodeJS.ProcessEnv;
  /** Where relative paths of sources and the store are counted from: the directory of the file. */
  directory: string;
}

export function parseConfig(text: string, file: string, options: ParseOptions): SchedulerConfig {
  const root = parseYaml(text, file, options.checkSecrets ? options.environment : null);
  const top = root.section(KEYS, "keys such as store and jobs");
  const store =
    top.get("store") ?? root.fail("there is no store: add store: with a directory or a server's URL");
  const zone = top.get("timezone");
  const smtp = top.get("smtp");
  const settings = smtp && parseSmtp(smtp);
  const notify = top.get("notify");
  const general = {
    directory: options.directory,
    timezone: zone ? parseTimezone(zone) : localTimezone(options.environment),
    anacron: top.get("anacron")?.flag() ?? true,
    jitterMs: top.get("jitter")?.duration() ?? 0,
    retries: top.get("retries"),
    notify: notify && parseNotify(notify, settings !== undefined),
    smtp: settings !== undefined,
  };
  const host = top.get("host")?.text("a host's name") ?? (options.environment["DATADB_HOST"] || undefined);
  const jobs = top.get("jobs") ?? root.fail("there are no jobs: add jobs: with a list of them");
  return {
    file,
    text,
    directory: options.directory,
    store: storeOf(store, options),
    host: host ?? hostname(),
    hostGiven: host !== undefined,
    concurrency: top.get("concurrency")?.number(1, 64) ?? DEFAULT_CONCURRENCY,
    http: parseHttp(top.get("http")),
    smtp: settings,
    jobs: distinct(jobs, (job) => parseJob(job, general)),
  };
}

function distinct(jobs: YamlValue, parse: (job: YamlValue) => Job): Job[] {
  const list = jobs.list("a list of jobs, each beginning with - name:");
  if (list.length === 0) jobs.expected("at least one job");
  const lines = new Map<string, number>();
  return list.map((value) => {
    const job = parse(value);
    const first = lines.get(job.name);
    if (first !== undefined)
      value.fail(`the job of line ${first} is called ${job.name}, too: names must differ`);
    lines.set(job.name, value.line);
    return job;
  });
}

function storeOf(value: YamlValue, { directory }: ParseOptions): string {
  const text = value.secret("a directory, or a URL such as redis://host:9736");
  if (/^[a-z]+:\/\//.test(text)) {
    if (!/^rediss?:\/\//.test(text)) value.expected("a directory, or a URL with redis:// or rediss://");
    return text;
  }
  if (/^(env|file):/.test(text)) return text;
  return resolve(directory, text.replace(/^~(?=\/|$)/, homedir()));
}

function localTimezone({ TZ }: NodeJS.ProcessEnv): string {
  return TZ || Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

function parseHttp(value: YamlValue | undefined): HttpSettings | null {
  if (value === undefined) return DEFAULT_HTTP;
  if (value.plain === false) return null;
  const section = value.section(["host", "port", "password"], "false, or host and port");
  const settings: HttpSettings = {
    host: section.get("host")?.text("an address") ?? DEFAULT_HTTP.host,
    port: section.get("port")?.number(0, 65_535) ?? DEFAULT_HTTP.port,
    password: section.get("password")?.secret("env:NAME or file:/path"),
    explicit: true,
  };
  const { host, password } = settings;
  if (password !== undefined && !/^(env|file):/.test(password))
    section.get("password")!.fail("expected env:NAME or file:/path: the file is no place for a password");
  if (!isLoopback(host) && password === undefined)
    value.fail(`${host} can be reached from other machines, and there is no password: add one`);
  return settings;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}
