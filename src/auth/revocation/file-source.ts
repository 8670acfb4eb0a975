import { readRegular } from '../../files/read-regular.ts'
import { contentHash, type FileWatch, watchFile } from '../../files/watch.ts'
import { parseRevoked, type Revoked } from './revoked.ts'
import type { RevocationSource } from './revocations.ts'

/** Revocations in a file, which is watched. Replace it as a whole (`mv`), so that nobody reads half of it. */
export function fileRevocations (file: string): RevocationSource {
  let watch: FileWatch | null = null
  return {
    async read (): Promise<Revoked> {
      let text: string
      try {
        text = (await readRegular(file)).toString()
      } catch (error) {
        throw new Error(`the file can't be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`)
      }
      return parseRevoked(text)
    },
    watch (changed) {
      watch = watchFile(file, changed, { known: contentHash('') })
    },
    close () {
      watch?.close()
    }
  }
}
