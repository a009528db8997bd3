import { backendSuite } from "../suite/backend.suite.ts";
import { createMemoryBackend } from "./open-memory.ts";

backendSuite("memory", async (hash) => ({ backend: createMemoryBackend({ hash }) }));
