import { EventEmitter } from 'node:events'
import t from 'tap'
import { drainInOrder } from '../../src/gateway/control/drain.ts'
import { handleShutdown } from '../../src/gateway/control/shutdown.ts'

const logger = { info () {}, warn () {}, error () {} } as never

function handled (stop: () => Promise<void>): { signals: EventEmitter, codes: number[], remove: () => void } {
  const signals = new EventEmitter()
  const codes: number[] = []
  const remove = handleShutdown({ stop, exit: code => { codes.push(code) }, logger, signals })
  return { signals, codes, remove }
}

for (const signal of ['SIGTERM', 'SIGINT']) {
  t.test(`${signal} stops in order, then exits with 0`, async t => {
    let finish = (): void => {}
    const { signals, codes, remove } = handled(() => new Promise(resolve => { finish = resolve }))
    signals.emit(signal, signal)
    t.same(codes, [])
    finish()
    await new Promise(resolve => setImmediate(resolve))
    t.same(codes, [0])
    remove()
    t.equal(signals.listenerCount(signal), 0)
  })
}

t.test('a second signal, of either kind, exits at once with 1', async t => {
  const { signals, codes } = handled(() => new Promise(() => {}))
  signals.emit('SIGINT', 'SIGINT')
  signals.emit('SIGTERM', 'SIGTERM')
  t.same(codes, [1])
})

t.test('a shutdown that fails exits with 1', async t => {
  const { signals, codes } = handled(async () => { throw new Error('no') })
  signals.emit('SIGTERM', 'SIGTERM')
  await new Promise(resolve => setImmediate(resolve))
  t.same(codes, [1])
})

interface Drained { readonly calls: string[], end (): void }

function drainable (): Drained & { drain (): Promise<void>, destroy (): void } {
  const calls: string[] = []
  let end = (): void => {}
  return {
    calls,
    end: () => end(),
    async drain () {
      calls.push('drain')
      await new Promise<void>(resolve => { end = resolve })
    },
    destroy () { calls.push('destroy') }
  }
}

t.test('draining begins after the delay, and ends with the last request', async t => {
  const engine = drainable()
  const start = performance.now()
  const done = drainInOrder(engine, { delay: 60, timeout: 10_000 }, logger)
  await new Promise(resolve => setTimeout(resolve, 20))
  t.same(engine.calls, [], 'still accepting')
  while (engine.calls.length === 0) await new Promise(resolve => setTimeout(resolve, 5))
  t.ok(performance.now() - start >= 58)
  engine.end()
  t.equal(await done, true)
  t.same(engine.calls, ['drain'])
})

t.test('what does not end within the timeout is cut', async t => {
  const engine = drainable()
  t.equal(await drainInOrder(engine, { delay: 0, timeout: 30 }, logger), false)
  t.same(engine.calls, ['drain', 'destroy'])
})
