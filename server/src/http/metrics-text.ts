/**
 * Metrics in the text format of Prometheus. Own, because it is forty lines: a name, a help text, a type, labels and a number
 * a line; a library would bring its registry and collectors along.
 */

export interface Metric {
  name: string;
  help: string;
  type: "counter" | "gauge";
  values: readonly { labels?: Readonly<Record<string, string>>; value: number }[];
}

/** The content type that goes with it. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export function metricsText(metrics: readonly Metric[]): string {
  return metrics.map(metricText).join("");
}

function metricText({ name, help, type, values }: Metric): string {
  const lines = values.map(({ labels, value }) => `${name}${labelText(labels)} ${value}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ""].join("\n");
}

function labelText(labels: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
