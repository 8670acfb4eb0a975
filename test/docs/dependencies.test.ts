import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readMarkdown } from '../helpers/markdown.ts'
import { packageRoot } from '../helpers/package-root.ts'

t.test('docs/dependencies.md gives a reason for each dependency, and for no other', async t => {
  const manifest = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as Record<'dependencies' | 'devDependencies', object>
  const tables = readMarkdown('docs/dependencies.md').split('| for development')
  const listed = tables.map(table => [...table.matchAll(/^\| ([^|]+?) \|/gm)]
    .flatMap(([, cell = '']) => cell.split(', '))
    .filter(name => name !== 'package' && !name.startsWith('---'))
    .sort())
  t.same(listed, [Object.keys(manifest.dependencies).sort(), Object.keys(manifest.devDependencies).sort()])
})

t.test('package-lock.json names no address to download from', async t => {
  const lock = readFileSync(join(packageRoot, 'package-lock.json'), 'utf8')
  t.notMatch(lock, /"resolved"/)
})
