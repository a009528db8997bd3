/** What was typed after the verb, checked: options that exist, values where they belong, operands in number. */
export interface Arguments {
  /** True when the switch was given. */
  flag(name: string): boolean;
  /** The last value given, or undefined; for an optional value that was left out, "". */
  text(name: string): string | undefined;
  /** All values of a repeatable option, in order. */
  list(name: string): readonly string[];
  /** A whole number between least and most. Throws UsageError for anything else. */
  number(name: string, least: number, most: number): number | undefined;
  /** A duration such as 90, 90s, 5m, 1h, in milliseconds. Throws UsageError for anything else. */
  duration(name: string): number | undefined;
  /** The operands, in order, without the verb. */
  readonly operands: readonly string[];
  /** What followed `--` of a verb that takes a command. */
  readonly command: readonly string[] | undefined;
}
