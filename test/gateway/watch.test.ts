import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { contentHash, watchFile, type FileWatch } from '../../src/files/watch.ts'
import { until } from '../helpers/running.ts'

interface Watched {
  readonly watch: FileWatch
  /** Hashes as they were told. */
  readonly seen: string[]
  /** Resolves when this content was told. */
  told (content: string): Promise<void>
}

/** A watch without its safety net, unless asked for: a test must see that events alone do. */
async function watched (t: Test, file: string, poll = 3_600_000): Promise<Watched> {
  const seen: string[] = []
  const watch = watchFile(file, hash => { seen.push(hash) }, { known: contentHash(readFileSync(file)), debounce: 20, poll })
  t.teardown(() => watch.close())
  await watch.check()
  return {
    watch,
    seen,
    async told (content) {
      await until(`told of ${content}`, () => seen.includes(contentHash(content)))
    }
  }
}

t.test('a file that is written in place', async t => {
  const file = path.join(t.testdir({ 'gateway.yaml': 'one' }), 'gateway.yaml')
  const { told, seen } = await watched(t, file)
  writeFileSync(file, 'two')
  await told('two')
  writeFileSync(file, 'three')
  await told('three')
  t.equal(seen.length, 2)
})

t.test('a file that an editor replaces, again and again', async t => {
  const folder = t.testdir({ 'gateway.yaml': 'one' })
  const file = path.join(folder, 'gateway.yaml')
  const { told, seen } = await watched(t, file)
  for (const content of ['two', 'three', 'four']) {
    writeFileSync(path.join(folder, '.gateway.yaml.swp'), content)
    renameSync(file, `${file}~`)
    renameSync(path.join(folder, '.gateway.yaml.swp'), file)
    await told(content)
  }
  t.equal(seen.at(-1), contentHash('four'))
})

t.test('a file that stays away is told of once each time', async t => {
  const file = path.join(t.testdir({ 'gateway.yaml': 'one' }), 'gateway.yaml')
  let gone = 0
  const seen: string[] = []
  const watch = watchFile(file, hash => { seen.push(hash) }, { known: contentHash('one'), debounce: 20, poll: 30, onMissing: () => { gone++ } })
  t.teardown(() => watch.close())
  unlinkSync(file)
  await until('told that it is gone', () => gone === 1)
  writeFileSync(file, 'two')
  await until('told of its return', () => seen.includes(contentHash('two')))
  unlinkSync(file)
  await until('told that it is gone again', () => gone === 2)
})

t.test('a Kubernetes ConfigMap, whose ..data link is exchanged', async t => {
  const folder = t.testdir({ '..1': { 'gateway.yaml': 'one' } })
  symlinkSync('..1', path.join(folder, '..data'))
  symlinkSync('..data/gateway.yaml', path.join(folder, 'gateway.yaml'))
  const { told, seen } = await watched(t, path.join(folder, 'gateway.yaml'))
  for (const [index, content] of ['two', 'three'].entries()) {
    const version = path.join(folder, `..${index + 2}`)
    mkdirSync(version)
    writeFileSync(path.join(version, 'gateway.yaml'), content)
    symlinkSync(`..${index + 2}`, path.join(folder, '..data_tmp'))
    renameSync(path.join(folder, '..data_tmp'), path.join(folder, '..data'))
    rmSync(path.join(folder, `..${index + 1}`), { recursive: true })
    await told(content)
  }
  t.equal(seen.at(-1), contentHash('three'))
})

t.test('a link from elsewhere into such a folder', async t => {
  const folder = t.testdir({ etc: {}, mnt: { '..1': { 'gateway.yaml': 'one' } } })
  symlinkSync('..1', path.join(folder, 'mnt/..data'))
  symlinkSync('..data/gateway.yaml', path.join(folder, 'mnt/gateway.yaml'))
  symlinkSync(path.join(folder, 'mnt/gateway.yaml'), path.join(folder, 'etc/gateway.yaml'))
  const { told, seen } = await watched(t, path.join(folder, 'etc/gateway.yaml'))
  mkdirSync(path.join(folder, 'mnt/..2'))
  writeFileSync(path.join(folder, 'mnt/..2/gateway.yaml'), 'two')
  symlinkSync('..2', path.join(folder, 'mnt/..data_tmp'))
  renameSync(path.join(folder, 'mnt/..data_tmp'), path.join(folder, 'mnt/..data'))
  await told('two')
  writeFileSync(path.join(folder, 'mnt/..2/gateway.yaml'), 'three')
  await told('three')
  t.equal(seen.at(-1), contentHash('three'))
})

t.test('neighbours, and the same content again, are not a change', async t => {
  const folder = t.testdir({ 'gateway.yaml': 'one' })
  const file = path.join(folder, 'gateway.yaml')
  const { told, seen } = await watched(t, file)
  writeFileSync(path.join(folder, 'other.yaml'), 'x')
  writeFileSync(file, 'one')
  await wait(100)
  t.same(seen, [])
  writeFileSync(file, 'two')
  await told('two')
})

t.test('a file that is gone for a while', async t => {
  const file = path.join(t.testdir({ 'gateway.yaml': 'one' }), 'gateway.yaml')
  const { told, seen } = await watched(t, file)
  unlinkSync(file)
  await wait(60)
  t.same(seen, [], 'its absence is not a change')
  writeFileSync(file, 'two')
  await told('two')
})

t.test('steps of one write are one change', async t => {
  const file = path.join(t.testdir({ 'gateway.yaml': 'one' }), 'gateway.yaml')
  const { told, seen } = await watched(t, file)
  writeFileSync(file, '')
  writeFileSync(file, 'tw')
  writeFileSync(file, 'two')
  await told('two')
  t.same(seen, [contentHash('two')])
})

t.test('a difference from what is known is told at once', async t => {
  const file = path.join(t.testdir({ 'gateway.yaml': 'newer' }), 'gateway.yaml')
  const seen: string[] = []
  const watch = watchFile(file, hash => { seen.push(hash) }, { known: contentHash('older') })
  t.teardown(() => watch.close())
  await watch.check()
  t.same(seen, [contentHash('newer')])
})

t.test('the poll finds what no event told of: the whole folder replaced', async t => {
  const folder = t.testdir({ conf: { 'gateway.yaml': 'one' } })
  const { told, seen } = await watched(t, path.join(folder, 'conf/gateway.yaml'), 50)
  renameSync(path.join(folder, 'conf'), path.join(folder, 'old'))
  mkdirSync(path.join(folder, 'conf'))
  writeFileSync(path.join(folder, 'conf/gateway.yaml'), 'two')
  await told('two')
  writeFileSync(path.join(folder, 'conf/gateway.yaml'), 'three')
  await told('three')
  t.equal(seen.at(-1), contentHash('three'))
})

t.test('after close nothing is told and nothing is left', async t => {
  const file = path.join(t.testdir({ 'gateway.yaml': 'one' }), 'gateway.yaml')
  const before = process.getActiveResourcesInfo().filter(name => /FSEvent|Timeout/.test(name)).length
  const { watch, seen } = await watched(t, file, 20)
  watch.close()
  writeFileSync(file, 'two')
  await wait(80)
  t.same(seen, [])
  t.equal(process.getActiveResourcesInfo().filter(name => /FSEvent|Timeout/.test(name)).length, before)
})
