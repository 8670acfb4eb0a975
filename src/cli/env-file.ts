import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { UsageError, type CliIo } from './io.ts'

/**
 * The environment with the variables of a file beside it, as `node --env-file` has it: what is set already stays.
 *
 * @throws {UsageError} when it can't be read
 */
export async function withEnvFile (file: string, { cwd, env }: Pick<CliIo, 'cwd' | 'env'>): Promise<CliIo['env']> {
  let text: string
  try {
    text = await readFile(resolve(cwd, file), 'utf8')
  } catch (error) {
    throw new UsageError(`${file} can't be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}.`)
  }
  return { ...parseEnv(text), ...env }
}
