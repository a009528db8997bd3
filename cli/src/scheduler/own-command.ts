/** The words that start this command again. */

export function ownCommand(): string[] {
  return [process.execPath, ...process.execArgv, process.argv[1]!];
}
