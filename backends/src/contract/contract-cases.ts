/** Every rule of the contract that can be tried on a backend from outside. */
import type { ContractCase } from "./contract-case.ts";
import { DURABILITY_CASES } from "./durability-cases.ts";
import { MODEL_CASES } from "./model-cases.ts";
import { READING_CASES } from "./reading-cases.ts";
import { WRITING_CASES } from "./writing-cases.ts";

export const CONTRACT_CASES: readonly ContractCase[] = [
  ...READING_CASES,
  ...WRITING_CASES,
  ...DURABILITY_CASES,
  ...MODEL_CASES,
];
