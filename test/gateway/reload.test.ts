import t from 'tap'
import { listenDefaults } from '../../src/config/entities/listen.ts'
import type { Diagnostic } from '../../src/config/diagnostics.ts'
import type { LoadResult } from '../../src/config/load.ts'
import { createReloader, type Reloader, type RunnableFile } from '../../src/gateway/control/reload.ts'
import { config, settings } from '../helpers/config.ts'

const broken: Diagnostic = {
  rule: 'unknown-key',
  severity: 'error',
  file: 'gateway.yaml',
  range: { line: 3, column: 5, endLine: 3, endColumn: 8 },
  path: 'services[0]',
  cause: 'unknown key',
  mend: 'Remove it.'
}

interface Attempt { resolve (result: Partial<LoadResult>): void, reject (error: Error): void }

interface Fixture {
  readonly reloader: Reloader
  /** Loads that were asked for, to be answered by the test. */
  readonly loads: Attempt[]
  readonly replaced: RunnableFile[]
  readonly logged: Array<{ level: string, message: string }>
}

function fixture (options: { replace?: (file: RunnableFile) => Promise<void> } = {}): Fixture {
  const loads: Attempt[] = []
  const replaced: RunnableFile[] = []
  const logged: Fixture['logged'] = []
  const log = (level: string) => (_: unknown, message: string) => { logged.push({ level, message }) }
  const reloader = createReloader({
    load: () => new Promise((resolve, reject) => {
      loads.push({ resolve: result => resolve(result as LoadResult), reject })
    }),
    replace: options.replace ?? (async file => { replaced.push(file) }),
    running: () => settings({ listen: [{ ...listenDefaults, port: 8000 }] }),
    logger: { info: log('info'), warn: log('warn'), error: log('error') } as never,
    render: (diagnostics, text) => `${diagnostics.map(each => `${each.range.line}: ${each.cause}`).join('\n')} | ${text}`
  })
  return { reloader, loads, replaced, logged }
}

function good (gateway: Partial<ReturnType<typeof settings>> = {}): Partial<LoadResult> {
  const range = { line: 2, column: 3, endLine: 2, endColumn: 9 }
  return {
    config: config({ file: '/x/gateway.yaml', gateway: settings({ listen: [{ ...listenDefaults, port: 8000 }], ...gateway }) }),
    diagnostics: [],
    source: { file: 'gateway.yaml', text: 'the text', locate: () => range } as never
  }
}

t.test('a good file takes the place of the running one', async t => {
  const { reloader, loads, replaced, logged } = fixture()
  t.equal(reloader.last, null)
  const done = reloader.reload('file')
  loads[0]?.resolve(good())
  t.match(await done, { ok: true, trigger: 'file', error: null, diagnostics: [] })
  t.equal(replaced.length, 1)
  t.same(logged, [{ level: 'info', message: 'configuration reloaded' }])
  t.equal(reloader.last?.ok, true)
})

t.test('warnings are logged, and do not stop the reload', async t => {
  const { reloader, loads, replaced, logged } = fixture()
  const done = reloader.reload('file')
  loads[0]?.resolve({ ...good(), diagnostics: [{ ...broken, severity: 'warning' }] })
  t.match(await done, { ok: true })
  t.equal(replaced.length, 1)
  t.match(logged[0]?.message, 'configuration reloaded\n3: unknown key | the text')
})

t.test('a bad file replaces nothing and is logged as check prints it', async t => {
  const { reloader, loads, replaced, logged } = fixture()
  const done = reloader.reload('signal')
  loads[0]?.resolve({ ...good(), config: null, diagnostics: [broken] })
  t.match(await done, { ok: false, error: '1 error in the file', diagnostics: [broken] })
  t.equal(replaced.length, 0)
  t.match(logged, [{ level: 'error', message: /^reload refused, the running configuration stays: 1 error in the file\n3: unknown key \| the text$/ }])
})

t.test('a file that can\'t be read, and a plugin that can\'t be set up, are refused too', async t => {
  const { reloader, loads } = fixture({ replace: async () => { throw new Error('plugin \'jwt\' failed to set up') } })
  const unreadable = reloader.reload('file')
  loads[0]?.reject(new Error('gateway.yaml: no such file'))
  t.match(await unreadable, { ok: false, error: 'gateway.yaml: no such file' })
  const failing = reloader.reload('file')
  loads[1]?.resolve(good())
  t.match(await failing, { ok: false, error: 'plugin \'jwt\' failed to set up' })
  t.match(reloader.last, { ok: false })
})

for (const [key, value] of [['listen', [{ host: '127.0.0.1', port: 9000 }]], ['admin', { host: '127.0.0.1', port: 1 }], ['workers', 4]] as const) {
  t.test(`a file with another gateway.${key} is refused as a whole, with its place`, async t => {
    const { reloader, loads, replaced } = fixture()
    const done = reloader.reload('file')
    loads[0]?.resolve(good({ [key]: value }))
    t.match(await done, { ok: false, diagnostics: [{ rule: 'restart-needed', severity: 'error', path: `gateway.${key}`, file: 'gateway.yaml', range: { line: 2 } }] })
    t.equal(replaced.length, 0)
  })
}

t.test('calls during a reload are served by one more after it', async t => {
  const { reloader, loads, replaced } = fixture()
  const first = reloader.reload('file')
  const second = reloader.reload('file')
  const third = reloader.reload('signal')
  t.equal(loads.length, 1, 'never two at once')
  loads[0]?.resolve(good())
  await first
  while (loads.length < 2) await new Promise(resolve => setImmediate(resolve))
  loads[1]?.resolve(good())
  t.equal(await second, await third, 'one outcome for both')
  t.equal(loads.length, 2)
  t.equal(replaced.length, 2)
})

t.test('closing waits for the reload that runs, and refuses the rest', async t => {
  const { reloader, loads, replaced } = fixture()
  const running = reloader.reload('file')
  const queued = reloader.reload('file')
  let closed = false
  const closing = reloader.close().then(() => { closed = true })
  await new Promise(resolve => setImmediate(resolve))
  t.equal(closed, false)
  loads[0]?.resolve(good())
  t.match(await running, { ok: true })
  t.match(await queued, { ok: false, error: 'the gateway is shutting down' })
  await closing
  t.equal(replaced.length, 1)
  t.equal(loads.length, 1)
})
