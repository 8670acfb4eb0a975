import { readFileSync } from 'node:fs'
import type { ExitCode } from '../cli/exit-code.ts'
import type { CliIo } from '../cli/io.ts'
import { contentHash, type FileWatch, watchFile } from '../files/watch.ts'

/** Runs again whenever one of the files that were read has changed, until a signal ends it. @returns the code of the last run */
export async function watchTests (run: () => Promise<{ readonly code: ExitCode, readonly read: Iterable<string> }>, { stdout, signals }: Pick<CliIo, 'stdout' | 'signals'>): Promise<ExitCode> {
  let end = (): void => {}
  const ended = new Promise<'ended'>(resolve => { end = () => resolve('ended') })
  signals.on('SIGINT', end)
  signals.on('SIGTERM', end)
  try {
    for (;;) {
      const { code, read } = await run()
      stdout.write(stdout.paint.faint('waiting for changes; Ctrl+C ends\n'))
      const watches: FileWatch[] = []
      const changed = new Promise<'changed'>(resolve => {
        for (const file of read) watches.push(watchFile(file, () => resolve('changed'), { known: hashOf(file) }))
      })
      const what = await Promise.race([changed, ended])
      for (const watch of watches) watch.close()
      if (what === 'ended') return code
      stdout.write('\n')
    }
  } finally {
    signals.off('SIGINT', end)
    signals.off('SIGTERM', end)
  }
}

function hashOf (file: string): string {
  try {
    return contentHash(readFileSync(file))
  } catch {
    // it comes back with some content
    return ''
  }
}
