import { readFile } from 'node:fs/promises'
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
  let bytes
  try {
    bytes = await readFile(path)
  } catch (error) {
    throw new Error(`\`crl_file\` ${path}: it can't be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`)
  }
  if (bytes.length > LARGEST) throw new Error(`\`crl_file\` ${path}: it is larger than 64 MiB`)
  return bytes
}

function parse (path: string, bytes: Buffer): RevocationLists {
  try {
    return new RevocationLists(bytes)
  } catch (error) {
    throw new Error(`\`crl_file\` ${path}: ${(error as Error).message}`)
  }
}
