import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import type { Diagnostic } from '../config/diagnostics.ts'
import { ConfigFileError } from '../config/file.ts'
import { loadConfig, type LoadOptions, type LoadResult } from '../config/load.ts'
import { UsageError, type CliIo } from './io.ts'

/** Where a file is looked for when none is named. */
const DEFAULTS = ['gateway.yaml', '/etc/sallyport/gateway.yaml']

const STANDARD_INPUT = '<stdin>'

/**
 * Absolute path of the file that a command works on.
 *
 * @throws {UsageError} when none is named and none is in the usual places
 */
export function findFile (named: string | undefined, io: CliIo): string {
  if (named !== undefined) return resolve(io.cwd, named)
  const found = DEFAULTS.map(name => resolve(io.cwd, name)).find(file => existsSync(file))
  if (found === undefined) throw new UsageError(`There is no ${DEFAULTS.join(' and no ')}: name the file, or let \`sallyport init\` write a first one.`)
  return found
}

/** A file as `start` would load it. */
export type Loaded = LoadResult & {
  /** What the user calls the file. */
  readonly shown: string
}

/**
 * Loads a file, or standard input for `-`.
 *
 * @throws {UsageError} when it can't be read
 */
export async function load (named: string | undefined, io: CliIo, options: Pick<LoadOptions, 'errorsOnly'> = {}): Promise<Loaded> {
  if (named === '-') {
    // Relative paths in it start at the working directory.
    const result = await loadConfig({ file: resolve(io.cwd, STANDARD_INPUT), text: await readAll(io.stdin), env: io.env, ...options })
    return { ...result, diagnostics: renamed(result.diagnostics, STANDARD_INPUT), shown: STANDARD_INPUT }
  }
  const file = findFile(named, io)
  const result = await readable(loadConfig({ file, env: io.env, ...options }), io)
  const shown = displayName(file, io)
  return { ...result, diagnostics: renamed(result.diagnostics, shown), shown }
}

/** @throws {UsageError} for a file that can't be read */
export async function readable<Result> (loading: Promise<Result>, io: CliIo): Promise<Result> {
  try {
    return await loading
  } catch (error) {
    if (!(error instanceof ConfigFileError)) throw error
    const reason = error.message.startsWith(error.file) ? error.message.slice(error.file.length + 2) : error.message
    throw new UsageError(`${displayName(error.file, io)}: ${reason}.`)
  }
}

/** Relative to the working directory for a file in it: what editors and code hosts link. */
export function displayName (file: string, io: CliIo): string {
  const near = relative(io.cwd, file)
  return near === '' || near.startsWith('..') ? file : near
}

export function renamed (diagnostics: readonly Diagnostic[], file: string): Diagnostic[] {
  return diagnostics.map(diagnostic => ({ ...diagnostic, file }))
}

async function readAll (stream: AsyncIterable<string | Buffer>): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of stream) parts.push(typeof part === 'string' ? Buffer.from(part) : part)
  return Buffer.concat(parts).toString('utf8').replace(/^\ufeff/, '')
}
