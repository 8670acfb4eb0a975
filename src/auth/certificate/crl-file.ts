import { resolve } from 'node:path'
import { readRegular, readRegularSync } from '../../files/read-regular.ts'
import { contentHash, watchFile, type FileWatch } from '../../files/watch.ts'
import { RevocationLists } from '../../tls/crl.ts'

/** Largest list that is read: a million entries. */
const LARGEST = 64 * 1024 * 1024

/** Lists of revoked certificates in a file, which is watched: a bad new one changes nothing. */
export class CrlFile {
  #lists: RevocationLists
  readonly #watch: FileWatch

  /** @throws Error with the file's name and what is wrong */
  static async open (path: string, log: Log): Promise<CrlFile> {
    const bytes = await content(path)
    return new CrlFile(path, log, parse(path, bytes), contentHash(bytes))
  }

  private constructor (path: string, log: Log, lists: RevocationLists, known: string) {
    this.#lists = lists
    this.#watch = watchFile(path, () => {
      content(path).then(bytes => {
        this.#lists = parse(path, bytes)
        log.info({ file: path }, 'lists of revoked certificates were read again')
      }).catch(error => log.error({ reason: (error as Error).message }, 'lists of revoked certificates can\'t be used: the old ones stay'))
    }, { known })
  }

  get lists (): RevocationLists {
    return this.#lists
  }

  close (): void {
    this.#watch.close()
  }
}

interface Log {
  info (fields: object, message: string): void
  error (fields: object, message: string): void
}

async function content (path: string): Promise<Buffer> {
  try {
    return await readRegular(path, LARGEST)
  } catch (error) {
    throw unreadable(path, error)
  }
}

function parse (path: string, bytes: Buffer): RevocationLists {
  try {
    return new RevocationLists(bytes)
  } catch (error) {
    throw new Error(`\`crl_file\` ${path}: ${(error as Error).message}`)
  }
}

/** What is wrong with such a file; null: nothing. @param directory where relative names start */
export function crlProblem (directory: string, file: string): string | null {
  try {
    parse(file, readRegularSync(resolve(directory, file), LARGEST))
    return null
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === undefined ? message : unreadable(file, error).message
  }
}

function unreadable (path: string, error: unknown): Error {
  const { code = 'unknown' } = error as NodeJS.ErrnoException
  return new Error(`\`crl_file\` ${path}: ${code === 'EFBIG' ? 'it is larger than 64 MiB' : `it can't be read (${code})`}`)
}
