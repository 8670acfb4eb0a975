/** What the process tells its caller; documented in docs/cli.md. */
export const exitCode = {
  /** Nothing to complain about. */
  clean: 0,
  /** The file has errors, or the gateway could not start. */
  errors: 1,
  /** The file has warnings and `--strict` was given; `audit` found something that matters. */
  warnings: 2,
  /** Wrong usage, or a file that can't be read. */
  usage: 3
} as const

export type ExitCode = typeof exitCode[keyof typeof exitCode]

/** How a command says what came out of it. */
export type Done = (code: ExitCode) => void
