import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Names that a folder is looked through for: those of programs are not the usual ones, which other runners run. */
const NAMES = /\.test\.ya?ml$|\.gateway-test\.[cm]?[jt]s$/

const PROGRAM = /\.[cm]?[jt]s$/

/** Whether a file of tests is a program. */
export function isProgram (file: string): boolean {
  return PROGRAM.test(file)
}

/**
 * Files of tests: those beside the configuration and in its folder `tests`, or those that were named; a folder stands for
 * what is in it, folders in it included.
 *
 * @param named absolute; empty: none was
 * @returns absolute, sorted; a named file stays in the list whether it is there or not
 */
export function findTests (named: readonly string[], directory: string): string[] {
  if (named.length > 0) return [...new Set(named.flatMap(file => isFolder(file) ? inside(file, true) : [file]))]
  return [...new Set([...inside(directory, false), ...inside(join(directory, 'tests'), true)])]
}

function isFolder (file: string): boolean {
  return existsSync(file) && statSync(file).isDirectory()
}

function inside (folder: string, deep: boolean): string[] {
  if (!isFolder(folder)) return []
  const found = readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const file = join(folder, entry.name)
    if (entry.isDirectory()) return deep && entry.name !== 'node_modules' ? inside(file, true) : []
    return NAMES.test(entry.name) ? [file] : []
  })
  return found.sort()
}
