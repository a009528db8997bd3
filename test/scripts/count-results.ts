/** Prints how many tests passed, failed and were skipped, from vitest's JSON report; exits 1 when any failed. */
import { readFileSync } from "node:fs";

interface Report {
  success: boolean;
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { name: string; status: string; assertionResults: unknown[] }[];
}

const report = JSON.parse(readFileSync(process.argv[2] as string, "utf8")) as Report;
// A file that does not even load has no tests to fail: it counts as one.
const broken = report.testResults.filter(
  (file) => file.status === "failed" && file.assertionResults.length === 0,
);
const failed = report.numFailedTests + broken.length;
const skipped = report.numPendingTests + report.numTodoTests;
for (const file of broken) console.log(`could not run: ${file.name}`);
console.log(`${report.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
if (failed > 0 || !report.success || report.numPassedTests === 0) process.exitCode = 1;
