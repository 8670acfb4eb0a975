import { Readable } from 'node:stream'
import t from 'tap'
import { watchUpload } from '../../src/proxy/request/write-timeout.ts'

/** A body that always has more to give than is taken. */
function body (): Readable {
  const stream = new Readable({ read () {} })
  stream.push(Buffer.alloc(1000))
  stream.pause()
  return stream
}

t.test('an upstream that takes something now and then is slow, not dead', async t => {
  const stream = body()
  let expired = false
  const stop = watchUpload(stream, 200, () => { expired = true })
  t.teardown(stop)
  // each look, 50 ms apart, finds it paused: it was resumed in between
  for (let turn = 0; turn < 30; turn++) {
    stream.emit('resume')
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  t.notOk(expired)
})

t.test('one that takes nothing is told so, once', async t => {
  const stream = body()
  // the watch keeps no process alive
  const alive = setInterval(() => {}, 1_000)
  t.teardown(() => clearInterval(alive))
  const error = await new Promise<Error>(resolve => { watchUpload(stream, 100, resolve) })
  t.match(error, { code: 'SP_UPSTREAM_WRITE_TIMEOUT', statusCode: 504 })
})

t.test('a watch that is stopped leaves nothing on the body', async t => {
  const stream = body()
  watchUpload(stream, 100, () => t.fail('it was stopped'))()
  t.equal(stream.listenerCount('resume'), 0)
})
