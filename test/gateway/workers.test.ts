import { readFileSync, writeFileSync } from 'node:fs'
import { Agent, type ServerResponse } from 'node:http'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { ask, editedYaml, gatewayYaml, startProcess, until, upstream } from '../helpers/running.ts'

const WORKERS = { workers: 2, shutdown: { delay: 0, timeout: 10_000 } }

t.test('workers share the traffic, reload together and drain together', async t => {
  const waiting: ServerResponse[] = []
  const port = await upstream(t, (request, response) => {
    if (request.url === '/slow') waiting.push(response)
    else response.end(`${request.url}.`)
  })
  const gateway = await startProcess(t, gatewayYaml(port, WORKERS))
  t.match(await gateway.status(), { state: 'running', workers: { configured: 2, running: 2, restarts: 0 }, configuration: { snapshot: 1 } })
  for (let index = 0; index < 20; index++) t.equal((await ask(gateway.port, `/${index}`)).status, 200)
  // a worker that is too busy to tell its facts is left out of them
  let { processes, requests } = await gateway.status()
  await until('both tell their facts, and these are added up', async () => {
    ({ processes, requests } = await gateway.status())
    return requests.total === 20
  })
  t.ok(processes.every(({ requests }) => requests.total > 0), 'each worker had its share')
  t.equal(new Set(processes.map(({ pid }) => pid)).size, 2)

  gateway.write(gatewayYaml(port, WORKERS).replace('paths: [/]', 'paths: [/v2]'))
  await gateway.logged(/configuration reloaded/)
  t.match(await gateway.status(), { configuration: { snapshot: 2 }, processes: [{ snapshot: 2 }, { snapshot: 2 }], last_reload: { ok: true, trigger: 'file' } })
  for (let index = 0; index < 4; index++) t.equal((await ask(gateway.port, `/${index}`)).status, 404)

  gateway.write(gatewayYaml(port, { ...WORKERS, colour: 'red' }))
  await gateway.logged(/reload refused/)
  t.match(await gateway.status(), { configuration: { snapshot: 2 }, last_reload: { ok: false, diagnostics: [{ severity: 'error' }] } })
  gateway.write(gatewayYaml(port, { ...WORKERS, workers: 3 }))
  await until('the refusal of another number', async () => (await gateway.status()).last_reload?.diagnostics[0]?.rule === 'restart-needed')
  t.equal((await ask(gateway.port, '/v2/x')).text, '/x.', 'still serving')

  const slow = ask(gateway.port, '/v2/slow')
  await until('it runs', () => waiting.length === 1)
  // a terminal signals the whole group: workers leave it to the primary
  for (const { pid } of processes) process.kill(pid, 'SIGTERM')
  gateway.child.kill('SIGTERM')
  await gateway.logged(/accepting no more/)
  waiting[0]?.end('/slow.')
  t.equal((await slow).text, '/slow.')
  t.same(await gateway.ended, { code: 0, signal: null })
  t.equal(gateway.access().length, 26, 'every line arrived whole')
})

t.test('what workers wrote last is there when they are stopped, also of requests that are cut', async t => {
  let asked = false
  const port = await upstream(t, () => { asked = true })
  const audit = path.join(t.testdir(), 'audit.log')
  const gateway = await startProcess(t, gatewayYaml(port, { ...WORKERS, shutdown: { delay: 0, timeout: 1 } }, `plugins: [{ name: audit-log, config: { path: ${audit} } }]\n`))
  const slow = ask(gateway.port, '/slow').catch((error: unknown) => error)
  await until('it runs', () => asked)
  gateway.child.kill('SIGTERM')
  t.match(await slow, { code: 'ECONNRESET' })
  await gateway.ended
  t.match(gateway.access(), [{ request: { uri: '/slow' }, response: { status: 499 }, end_reason: 'SD', error: 'SP_SHUTDOWN' }])
  const events = readFileSync(audit, 'utf8').trim().split('\n').map(line => (JSON.parse(line) as { event: string }).event)
  t.same(events.sort(), ['configuration', 'configuration', 'end', 'end', 'request', 'start', 'start'])
})

t.test('a worker that dies under load is replaced; the others go on', async t => {
  const port = await upstream(t, (request, response) => { response.end(`${request.url}.`) })
  const gateway = await startProcess(t, gatewayYaml(port, WORKERS))
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  t.teardown(() => agent.destroy())
  const stopped = new AbortController()
  let served = 0
  const failed: string[] = []
  const wrong: string[] = []
  const work = Promise.all(Array.from({ length: 8 }, async () => {
    while (!stopped.signal.aborted) {
      try {
        const { status } = await ask(gateway.port, '/x', { agent })
        if (status === 200) served++
        else wrong.push(String(status))
      } catch (error) {
        failed.push((error as NodeJS.ErrnoException).code as string)
      }
    }
  }))
  await until('traffic', () => served > 50)
  const [victim] = (await gateway.status()).processes
  process.kill(victim?.pid as number, 'SIGKILL')
  await until('it was replaced', async () => {
    const { workers, processes } = await gateway.status()
    return workers.running === 2 && workers.restarts === 1 && processes.every(({ pid }) => pid !== victim?.pid)
  })
  t.equal((await ask(gateway.adminPort, '/readyz')).status, 200)
  const before = served
  await until('more traffic', () => served > before + 50)
  stopped.abort()
  await work
  t.same(wrong, [], 'no answer was wrong')
  t.ok(failed.length <= 8, `only requests of the worker's own connections failed: ${failed.length}`)
  t.ok(failed.every(code => code === 'ECONNRESET' || code === 'EPIPE'), failed.join())
  t.ok(gateway.log.some(({ msg, signal }) => msg.startsWith('a worker died') && signal === 'SIGKILL'))
  gateway.child.kill('SIGTERM')
  await gateway.ended
  t.ok(gateway.access().length > 50, 'every line of the access log is whole')
})

t.test('a connection that a dying worker had not taken is served by another', async t => {
  const port = await upstream(t, (request, response) => { response.end(`${request.url}.`) })
  const gateway = await startProcess(t, gatewayYaml(port, WORKERS))
  const [victim] = (await gateway.status()).processes
  process.kill(victim?.pid as number, 'SIGSTOP')
  const answers: string[] = []
  const all = Promise.all(Array.from({ length: 10 }, async (_, index) => { answers.push((await ask(gateway.port, `/${index}`)).text) }))
  await until('all but one are answered', () => answers.length === 9)
  process.kill(victim?.pid as number, 'SIGKILL')
  await all
  t.same(answers.sort(), Array.from({ length: 10 }, (_, index) => `/${index}.`))
})

t.test('a configuration that a worker can\'t run is refused by all', async t => {
  const port = await upstream(t, (request, response) => { response.end(`${request.url}.`) })
  const gateway = await startProcess(t, gatewayYaml(port, WORKERS))
  writeFileSync(path.join(path.dirname(gateway.file), 'fails.mjs'), `export default Object.freeze({
    [Symbol.for('sallyport.plugin')]: true, api: 1, name: 'fails', priority: 7, scopes: ['global'],
    schema: { type: 'object', additionalProperties: false, properties: {} }, setup () { throw new Error('not today') }, register () {}
  })`)
  gateway.write(gatewayYaml(port, { ...WORKERS, modules: ['./fails.mjs'] }, 'plugins: [{ name: fails }]\n'))
  await gateway.logged(/reload failed/)
  t.match(await gateway.status(), { configuration: { snapshot: 1 }, workers: { running: 2, restarts: 0 }, last_reload: { ok: false, error: /not today/ } })
  gateway.write(editedYaml(port, 1).replace('"log"', '"workers":2,"log"'))
  await until('the next good file', async () => (await gateway.status()).configuration.snapshot === 2)
  t.match(await gateway.status(), { processes: [{ snapshot: 2 }, { snapshot: 2 }] })
  const { headers } = await ask(gateway.port, '/x')
  t.ok(headers['x-sallyport-request-id'])
})

t.test('a worker that dies again and again is replaced more and more slowly', async t => {
  const port = await upstream(t, (request, response) => { response.end(`${request.url}.`) })
  const gateway = await startProcess(t, gatewayYaml(port, WORKERS))
  for (let death = 1; death <= 3; death++) {
    const [first] = (await gateway.status()).processes
    process.kill(first?.pid as number, 'SIGKILL')
    await until(`death ${death} is mended`, async () => {
      const { workers } = await gateway.status()
      return workers.restarts === death && workers.running === 2
    })
  }
  t.equal((await ask(gateway.port, '/x')).status, 200)
})

t.test('workers end when the primary process is killed', async t => {
  const port = await upstream(t, (request, response) => { response.end(`${request.url}.`) })
  const gateway = await startProcess(t, gatewayYaml(port, WORKERS))
  const { processes } = await gateway.status()
  gateway.child.kill('SIGKILL')
  const running = (): unknown[] => processes.filter(({ pid }) => {
    try {
      process.kill(pid, 0)
      return true
    } catch {
      return false
    }
  })
  await until('they are gone', async () => {
    await wait(50)
    return running().length === 0
  })
  t.equal(processes.length, 2, 'there were workers to end')
  t.strictSame(running(), [])
})

t.test('workers that can\'t listen end the start with the address', async t => {
  const port = await upstream(t, () => {})
  await t.rejects(startProcess(t, gatewayYaml(port, { ...WORKERS, listen: [{ host: '127.0.0.1', port }] })), new RegExp(`127\\.0\\.0\\.1:${port} is in use`))
})
