/** What the command's exit code tells; see docs/command.md. */
export const exitCodes = {
  succeeded: 0,
  failed: 1,
  usage: 2,
  canceled: 3,
  timeout: 4,
  refused: 5,
  notFound: 6,
  unreachable: 7,
  /** A fault of the command itself, sysexits' EX_SOFTWARE. */
  fault: 70,
} as const;
