import { open } from 'node:fs/promises'

/** Ten thousand routes are 3 MiB: who names more has named a device, or a log. */
const LARGEST = 64 * 1024 * 1024

/** gateway.yaml itself can't be read: not a mistake in the file, but one about it. */
export class ConfigFileError extends Error {
  readonly code = 'SP_CONFIG_FILE'
  readonly file: string

  constructor (file: string, reason: string, cause: unknown) {
    super(`${file}: ${reason}`, { cause })
    this.name = 'ConfigFileError'
    this.file = file
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'no permission to read it',
  EISDIR: 'is a directory',
  EFBIG: 'is larger than 64 MiB'
}

/**
 * The text of a file, without a byte order mark.
 *
 * @throws ConfigFileError when it can't be read, or isn't UTF-8
 */
export async function readText (file: string): Promise<string> {
  let bytes: Buffer
  try {
    bytes = await content(file)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    throw new ConfigFileError(file, REASONS[code] ?? `can't be read (${code})`, error)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new ConfigFileError(file, 'is not UTF-8 text', error)
  }
}

/** A pipe is read to its end, as `sallyport plan <(git show main:gateway.yaml)` asks for. */
async function content (file: string): Promise<Buffer> {
  const handle = await open(file)
  const pieces: Buffer[] = []
  let size = 0
  // closes the file behind itself
  for await (const piece of handle.createReadStream({ highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > LARGEST) throw Object.assign(new Error(`${file}: too large`), { code: 'EFBIG' })
    pieces.push(piece)
  }
  return Buffer.concat(pieces, size)
}
