import { readRegular } from '../files/read-regular.ts'
import { contentHash, type FileWatch, watchFile } from '../files/watch.ts'

export interface WatchedFileOptions<T> {
  /** Whole path. */
  readonly file: string
  /** Longest file that is read, in bytes. */
  readonly limit: number
  /** @throws Error whose message says what is wrong with the text; it may be logged and shown to operators */
  parse (text: string): T | Promise<T>
  /** Told of each new value. */
  changed (value: T): void
  /** Told why a new content isn't used: the old one stays. */
  failed (error: Error): void
}

/** What a file says, read again whenever its content changes. */
export class WatchedFile<T> {
  readonly #options: WatchedFileOptions<T>
  #value: T
  #watch: FileWatch | null = null
  #reading: Promise<void> = Promise.resolve()

  /** @throws Error when it can't be read or parsed: what names a file needs it to begin with */
  static async open<T> (options: WatchedFileOptions<T>): Promise<WatchedFile<T>> {
    const { value, hash } = await read(options)
    return new WatchedFile(options, value, hash)
  }

  private constructor (options: WatchedFileOptions<T>, value: T, hash: string) {
    this.#options = options
    this.#value = value
    this.#watch = watchFile(options.file, () => {
      // one after the other, so that the last content wins
      this.#reading = this.#reading.then(async () => await this.#refresh())
    }, { known: hash })
  }

  get value (): T {
    return this.#value
  }

  /** Looks now; resolves when what was found is in use. */
  async check (): Promise<void> {
    await this.#watch?.check()
    await this.#reading
  }

  close (): void {
    this.#watch?.close()
    this.#watch = null
  }

  async #refresh (): Promise<void> {
    try {
      const { value } = await read(this.#options)
      if (this.#watch === null) return
      this.#value = value
      this.#options.changed(value)
    } catch (error) {
      this.#options.failed(error as Error)
    }
  }
}

async function read<T> ({ file, limit, parse }: WatchedFileOptions<T>): Promise<{ value: T, hash: string }> {
  let bytes: Buffer
  try {
    bytes = await readRegular(file, limit)
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    throw new Error(code === 'EFBIG' ? `the file has more than ${limit} bytes` : `the file can't be read (${code})`)
  }
  return { value: await parse(bytes.toString()), hash: contentHash(bytes) }
}
