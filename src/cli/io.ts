import type { Painter } from './paint.ts'

/** Everything of the process that a command may touch, so that tests can run one in their own process. */
export interface CliIo {
  /** Read whole when FILE is `-`. */
  readonly stdin: AsyncIterable<string | Buffer>
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Readonly<Record<string, string | undefined>>
  /** Relative files start here. */
  readonly cwd: string
  /** The process, or something else that emits signals: `start` runs until one ends it. */
  readonly signals: Pick<NodeJS.EventEmitter, 'on' | 'off'>
}

export interface Output {
  write (text: string): void
  readonly isTerminal: boolean
  /** Colours for this stream; plain where it is no terminal or NO_COLOR is set. */
  readonly paint: Painter
}

/** What a user asked for can't be done, and no rule of the file is at fault: a missing file, an unknown name. */
export class UsageError extends Error {}
