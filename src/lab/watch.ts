import type { ExitCode } from '../cli/exit-code.ts'
import type { CliIo } from '../cli/io.ts'
import { type FileWatch, watchFile } from '../files/watch.ts'

export interface WatchOptions {
  run (): Promise<ExitCode>
  /** Hashes of what the last run has read, by absolute path; '' for what can't be read. */
  read (): ReadonlyMap<string, string>
  /** Files of tests that are there now. */
  tests (): readonly string[]
}

/** How often it is looked for files of tests that come and go. */
const LOOK = 1_000

/** Runs again whenever one of the files that were read has changed, or files of tests came or went, until a signal ends it. @returns the code of the last run */
export async function watchTests ({ run, read, tests }: WatchOptions, { stdout, signals }: Pick<CliIo, 'stdout' | 'signals'>): Promise<ExitCode> {
  let end = (): void => {}
  const ended = new Promise<'ended'>(resolve => { end = () => resolve('ended') })
  signals.on('SIGINT', end)
  signals.on('SIGTERM', end)
  try {
    for (;;) {
      const before = tests().join('\n')
      const code = await run()
      stdout.write(stdout.paint.faint('waiting for changes; Ctrl+C ends\n'))
      const watches: FileWatch[] = []
      let look: NodeJS.Timeout | undefined
      const changed = new Promise<'changed'>(resolve => {
        const seen = (): void => resolve('changed')
        for (const [file, known] of read()) watches.push(watchFile(file, seen, { known, onMissing: known === '' ? () => {} : seen }))
        look = setInterval(() => { if (tests().join('\n') !== before) seen() }, LOOK)
      })
      const what = await Promise.race([changed, ended])
      clearInterval(look)
      for (const watch of watches) watch.close()
      if (what === 'ended') return code
      stdout.write('\n')
    }
  } finally {
    signals.off('SIGINT', end)
    signals.off('SIGTERM', end)
  }
}
