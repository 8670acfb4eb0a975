import type { ReadFile } from '../config/certificate-files.ts'
import { watchFile, type FileWatch } from './watch.ts'

/** The files beside gateway.yaml whose content is a part of the configuration. */
export interface FilesWatch {
  /** These are watched from now on, and no others. */
  follow (files: readonly ReadFile[]): void
  close (): void
}

/** Certificate and key are two files, and are rarely written in one moment. */
const SETTLE = 300

/** @param onChange called when the content of one has changed, once for those that change together */
export function watchFiles (onChange: () => void): FilesWatch {
  const watches = new Map<string, FileWatch>()
  let timer: NodeJS.Timeout | undefined
  let closed = false

  function changed (): void {
    clearTimeout(timer)
    timer = setTimeout(onChange, SETTLE)
  }

  return {
    follow (files) {
      if (closed) return
      const gone = new Set(watches.keys())
      for (const { path, hash } of files) {
        gone.delete(path)
        if (!watches.has(path)) watches.set(path, watchFile(path, changed, { known: hash }))
      }
      for (const path of gone) {
        watches.get(path)?.close()
        watches.delete(path)
      }
    },
    close () {
      closed = true
      clearTimeout(timer)
      for (const watch of watches.values()) watch.close()
      watches.clear()
    }
  }
}
