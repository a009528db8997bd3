/** Texts with placeholders: `{{job}} ended with {{outcome}}`. */

export const TEMPLATE_NAMES: readonly string[] = [
  "event",
  "job",
  "host",
  "run",
  "outcome",
  "error",
  "message",
  "start",
  "end",
  "seconds",
  "bytes",
  "backup",
  "backups",
];

const PLACEHOLDER = /\{\{\s*([^{}\s]*)\s*\}\}/g;

/** The first placeholder that nothing can be put in place of. */
export function unknownPlaceholder(template: string): string | undefined {
  return [...template.matchAll(PLACEHOLDER)]
    .map(([, name]) => name!)
    .find((name) => !TEMPLATE_NAMES.includes(name));
}

/** In a template that is JSON, values are written as JSON's strings have them, so that no error message can break it. */
export function fillTemplate(template: string, values: Readonly<Record<string, string>>): string {
  const json = /^\s*[[{](?!\{)/.test(template);
  return template.replace(PLACEHOLDER, (_, name: string) => {
    const value = values[name] ?? "";
    return json ? JSON.stringify(value).slice(1, -1) : value;
  });
}
