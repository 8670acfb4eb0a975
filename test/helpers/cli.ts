import { EventEmitter } from 'node:events'
import { createPainter } from '../../src/cli/paint.ts'
import { run } from '../../src/cli/program.ts'

export interface CliRun {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface CliOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  /** Both streams are terminals. */
  readonly terminal?: boolean
  /** Emits the signals; default one that emits none. */
  readonly signals?: EventEmitter
  readonly onStderr?: (text: string) => void
  readonly onStdout?: (text: string) => void
}

/** Runs a command line in this process. */
export async function runCli (args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const { cwd = process.cwd(), env = {}, stdin = '', terminal = false, signals = new EventEmitter(), onStderr, onStdout } = options
  const written = { stdout: '', stderr: '' }
  const output = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      written[name] += text
      const told = name === 'stderr' ? onStderr : onStdout
      told?.(text)
    },
    isTerminal: terminal,
    paint: createPainter(terminal, env)
  })
  async function * input (): AsyncGenerator<Buffer> {
    yield Buffer.from(stdin)
  }
  const code = await run(args, { stdin: input(), stdout: output('stdout'), stderr: output('stderr'), env, cwd, signals })
  return { code, ...written }
}
