import { readFile } from 'node:fs/promises'

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
  EISDIR: 'is a directory'
}

/**
 * The text of a file, without a byte order mark.
 *
 * @throws ConfigFileError when it can't be read, or isn't UTF-8
 */
export async function readText (file: string): Promise<string> {
  let bytes: Buffer
  try {
    bytes = await readFile(file)
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
