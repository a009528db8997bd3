/** INFO [section ...] */
import { Verbatim } from "@datadb/protocol";
import type { CommandHandler } from "../../dispatch/command.ts";
import { DEFAULT_SECTIONS, INFO_SECTIONS } from "../../dispatch/info-sections.ts";

export const info: CommandHandler = async (session, args) => {
  const asked = args.slice(1).map((arg) => arg.toString("latin1", 0, 64).toLowerCase());
  const all = asked.includes("all") || asked.includes("everything");
  const names = all
    ? Object.keys(INFO_SECTIONS)
    : asked.length === 0 || asked.includes("default")
      ? [...new Set([...DEFAULT_SECTIONS, ...asked])]
      : asked;
  const sections: string[] = [];
  for (const [name, section] of Object.entries(INFO_SECTIONS)) {
    if (!names.includes(name)) continue;
    const lines = await section(session);
    const title = `# ${name[0]!.toUpperCase()}${name.slice(1)}`;
    sections.push(
      [title, ...Object.entries(lines).map(([field, value]) => `${field}:${value}`), ""].join("\r\n"),
    );
  }
  return new Verbatim(sections.join("\r\n"));
};
