import { resolve } from 'node:path'
import { readRegularSync } from '../files/read-regular.ts'
import type { CheckContext } from '../plugin-contract.ts'

/**
 * Reads a file that an option names, for `check`.
 *
 * @param directory where relative names start
 * @param reads is told of it, also where it can't be read: it may come
 * @throws the system's error
 */
export function readNamedFile (directory: string, name: string, reads?: CheckContext['reads']): Buffer {
  const path = resolve(directory, name)
  try {
    const content = readRegularSync(path)
    reads?.(path, content)
    return content
  } catch (error) {
    reads?.(path, null)
    throw error
  }
}
