/** Writes docs/commands.md from the catalogue. */
import { writeFileSync } from "node:fs";
import { commandDocs } from "../src/commands/command-docs.ts";

writeFileSync(new URL("../../docs/commands.md", import.meta.url), commandDocs());
