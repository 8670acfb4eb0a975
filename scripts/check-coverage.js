/**
 * Fails when the tests never loaded a source file. Coverage counts only files that were loaded, so that one which no
 * test touches would raise the figures by being missing from them. Runs after tap, on its report.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const summary = JSON.parse(readFileSync(join(root, '.tap/report/coverage-summary.json'), 'utf8'))
const loaded = new Set(Object.keys(summary).map(file => relative(root, file)))

const missing = ['src', 'plugins']
  .flatMap(folder => readdirSync(join(root, 'dist', folder), { recursive: true }).map(file => join(folder, file)))
  // runs in a browser: test/dashboard/
  .filter(file => !file.startsWith('src/dashboard/'))
  .filter(file => file.endsWith('.js') && hasCode(join(root, 'dist', file)))
  .map(file => file.replace(/\.js$/, '.ts'))
  .filter(file => !loaded.has(file))

if (missing.length > 0) {
  console.error(`No test loads:\n${missing.map(file => `  ${file}`).join('\n')}`)
  process.exitCode = 1
}

/** Whether something is left of a compiled module beside comments and `export {}`: modules of types have nothing to run. */
function hasCode (file) {
  const code = readFileSync(file, 'utf8').replace(/\/\*[^]*?\*\/|\/\/.*$/gm, '').replace('export {};', '')
  return code.trim() !== ''
}
