import { resolve } from 'node:path'
import { readRegular } from '../../files/read-regular.ts'
import type { KeySource } from '../key-source.ts'
import { type KeyProblem, KeySet } from './key-set.ts'

/** A key set that stands in the configuration or in a file can't be used as it is. */
export class LocalKeysError extends Error {
  readonly problems: readonly KeyProblem[]

  constructor (message: string, problems: readonly KeyProblem[] = []) {
    super(message)
    this.name = 'LocalKeysError'
    this.problems = problems
  }
}

/**
 * Keys of a JSON Web Key Set that is written down. Unlike one that a provider publishes, it may hold shared secrets
 * (`oct`), and every key of it must be usable: whoever wrote it can mend it.
 *
 * @throws LocalKeysError naming each key that can't be used, never its content
 */
export function createLocalKeys (jwks: unknown): KeySource {
  const set = readSet(jwks)
  const [first] = set.problems
  if (first !== undefined) {
    throw new LocalKeysError(`key ${first.kid === null ? `number ${first.index + 1}` : `'${first.kid}'`} of the set ${first.reason}`, set.problems)
  }
  if (set.size === 0) throw new LocalKeysError('the set has no keys')
  return { version: 0, keysFor: header => set.find(header), close () {} }
}

/**
 * The same, of a file.
 *
 * @param directory where relative names start
 */
export async function readLocalKeys (directory: string, file: string): Promise<KeySource> {
  return createLocalKeys(await readJson(resolve(directory, file), file))
}

function readSet (jwks: unknown): KeySet {
  try {
    return new KeySet(jwks, true)
  } catch (error) {
    throw new LocalKeysError((error as Error).message)
  }
}

async function readJson (path: string, shown: string): Promise<unknown> {
  let text: string
  try {
    text = (await readRegular(path)).toString()
  } catch (error) {
    throw new LocalKeysError(`'${shown}' can't be read (${(error as NodeJS.ErrnoException).code ?? 'no code'})`)
  }
  try {
    return JSON.parse(text)
  } catch {
    // the parser's own words quote the text
    throw new LocalKeysError(`'${shown}' is not JSON`)
  }
}
