/**
 * Gathers the compiled test files into few programs, dist/test-groups/*.js, which tap runs. A program for each file would
 * load the gateway, its plugins and their schemas some 250 times, which takes as long as the tests. Each file still runs
 * by itself: `node dist/test/router/match.test.js`.
 *
 * A file that looks at the process as a whole (memory, environment, signals, child processes) gets a program of its own.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Files that share a program: those of one folder, as long as there are enough. */
const most = 12
const alone = /memoryUsage|helpers\/memory|process\.(exit|chdir|once|on)\b|process\.env(\.\w+|\[[^\]]*\]) =[^=]|node:cluster/
/** Folders with fewer share programs with each other. */
const few = 4

const dist = resolve(dirname(fileURLToPath(import.meta.url)), '../dist')
const groups = join(dist, 'test-groups')
rmSync(groups, { recursive: true, force: true })
mkdirSync(groups)

for (const [folder, files] of folders()) {
  const shared = files.filter(file => !alone.test(readFileSync(file, 'utf8')))
  const single = files.filter(file => !shared.includes(file)).map(file => [file])
  const programs = [...single, ...chunks(shared, most)]
  programs.forEach((program, i) => {
    const name = `${folder}-${i + 1}`
    writeFileSync(join(groups, `${name}.js`), code(program))
  })
}

/** Test files by folder below dist/test; those of small folders, and those beside the folders, as `others`. */
function folders () {
  const byFolder = new Map()
  const files = readdirSync(join(dist, 'test'), { recursive: true }).filter(file => file.endsWith('.test.js')).sort()
  for (const file of files) {
    const folder = dirname(file) === '.' ? 'others' : file.split(sep)[0]
    byFolder.set(folder, [...byFolder.get(folder) ?? [], join(dist, 'test', file)])
  }
  for (const [folder, paths] of [...byFolder].filter(([folder, paths]) => folder !== 'others' && paths.length < few)) {
    byFolder.set('others', [...byFolder.get('others') ?? [], ...paths])
    byFolder.delete(folder)
  }
  return byFolder
}

/** Even parts of at most `size`. */
function chunks (items, size) {
  const count = Math.ceil(items.length / size)
  return Array.from({ length: count }, (_, i) => items.filter((_, j) => j % count === i))
}

function code (files) {
  const imports = files.map(file => `await run('${relative(groups, file)}', () => import('${relative(groups, file)}'))\n`)
  return `import { run } from '../../scripts/test-group.js'\n\n${imports.join('')}`
}
