import t from 'tap'
import { statusOf, value } from '../helpers/http-messages.ts'
import { END_HEADERS, END_STREAM, FRAME, block, code, frame, frameServer, type Frame } from '../helpers/http2-frames.ts'
import { get, settled, startHop } from '../helpers/hop.ts'
import { ask, rawClient } from '../helpers/raw-client.ts'
import { eventually } from '../helpers/raw-upstream.ts'

const service = { http2: true, retries: 0 }

const head = (stream: number, flags = END_HEADERS, ...fields: ReadonlyArray<readonly [string, string]>): Buffer => frame(FRAME.headers, flags, stream, block([[':status', '200'], ...fields]))
const data = (stream: number, text: string, flags = 0): Buffer => frame(FRAME.data, flags, stream, Buffer.from(text))
const reset = (stream: number, reason: number): Buffer => frame(FRAME.reset, 0, stream, code(reason))
const goaway = (last: number, reason = 0): Buffer => frame(FRAME.goaway, 0, 0, Buffer.concat([code(last), code(reason)]))
const post = 'POST / HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 2\r\n\r\nhi'

/** Each with whether the answer has begun. Node's own client takes the resets without an error for the end of a whole answer. */
const CUTS: ReadonlyArray<readonly [name: string, begun: boolean, answer: (stream: number) => Buffer, end?: boolean]> = [
  ['a reset without an error', true, stream => Buffer.concat([head(stream), data(stream, 'half'), reset(stream, 0)])],
  ['a reset that says CANCEL', true, stream => Buffer.concat([head(stream), data(stream, 'half'), reset(stream, 8)])],
  ['a reset that says INTERNAL_ERROR', true, stream => Buffer.concat([head(stream), data(stream, 'half'), reset(stream, 2)])],
  ['the end of the connection', true, stream => Buffer.concat([head(stream), data(stream, 'half')]), true],
  ['a GOAWAY with an error', true, stream => Buffer.concat([head(stream), data(stream, 'half'), goaway(stream, 11)])],
  ['more than the length', true, stream => Buffer.concat([head(stream, END_HEADERS, ['content-length', '100000']), data(stream, 'half', END_STREAM)])],
  ['a reset before the head', false, stream => reset(stream, 2)],
  ['a CANCEL before the head', false, stream => reset(stream, 8)],
  ['a reset without an error before the head', false, stream => reset(stream, 0)],
  ['the end of the connection before the head', false, () => Buffer.alloc(0), true],
  ['a head of a connection field', false, stream => head(stream, END_HEADERS | END_STREAM, ['connection', 'close'])],
  ['a head without a status', false, stream => frame(FRAME.headers, END_HEADERS | END_STREAM, stream, block([['x-a', 'b']]))]
]

for (const method of ['GET', 'POST']) {
  t.test(`${method}: no cut answer looks whole, and none that never came is an answer`, async t => {
    for (const [name, begun, answer, end] of CUTS) {
      const up = await frameServer(t, (one, _send, socket) => {
        if (one.type !== FRAME.headers) return
        socket[end === true ? 'end' : 'write'](answer(one.stream))
      })
      const { server, port } = await startHop(t, up.port, { service })
      const client = await rawClient(t, port)
      client.send(method === 'GET' ? get() : post)
      if (begun) {
        await client.end()
        t.equal(client.answers[0]?.complete, false, name)
        t.match(client.text, /^HTTP\/1\.1 200 /, name)
      } else {
        const message = await client.answer()
        t.equal(statusOf(message), 502, name)
      }
      await settled(server)
    }
  })
}

t.test('an answer is whole at its last frame, whatever becomes of its stream then, and the connection is kept', async t => {
  const up = await frameServer(t, (one, send) => {
    if (one.type !== FRAME.headers) return
    if (one.stream === 1) send(head(1), data(1, 'whole', END_STREAM), reset(1, 0))
    else if (one.stream === 3) send(head(3, END_HEADERS | END_STREAM))
    else send(head(one.stream), data(one.stream, 'part, '), data(one.stream, '', 0), frame(FRAME.headers, END_HEADERS | END_STREAM, one.stream, block([['x-sum', '1']])))
  })
  const { port } = await startHop(t, up.port, { service })
  const first = (await ask(t, port, get())).answer
  t.match({ status: statusOf(first), text: first.body.toString(), complete: first.complete }, { status: 200, text: 'whole', complete: true })
  const second = (await ask(t, port, get())).answer
  t.match({ status: statusOf(second), text: second.body.toString(), complete: second.complete }, { status: 200, text: '', complete: true })
  const third = (await ask(t, port, get('/', 'TE: trailers'))).answer
  t.match({ text: third.body.toString(), complete: third.complete, trailers: third.trailers }, { text: 'part, ', complete: true, trailers: [['x-sum', '1']] })
  t.equal(up.sockets.length, 1)
})

t.test('an early answer ends the upload, not the connection', async t => {
  const up = await frameServer(t, (one, send) => {
    if (one.type === FRAME.headers) send(head(one.stream), data(one.stream, 'enough', END_STREAM))
  })
  const { server, port } = await startHop(t, up.port, { service })
  for (let round = 0; round < 2; round++) {
    const client = await rawClient(t, port)
    client.send('POST / HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 10000000\r\n\r\n' + 'a'.repeat(100_000))
    t.equal((await client.answer()).body.toString(), 'enough')
    client.socket.destroy()
    await settled(server)
  }
  t.equal(up.sockets.length, 1)
  await eventually(() => up.frames.some(({ type, stream }) => type === FRAME.reset && stream === 1))
  t.notOk(up.frames.some(({ type, flags }) => type === FRAME.data && (flags & END_STREAM) !== 0), 'no upload looks whole')
})

t.test('a GOAWAY lets what has begun end, and the next request takes another connection', async t => {
  const waiting: Array<() => void> = []
  const up = await frameServer(t, (one, send) => {
    if (one.type !== FRAME.headers) return
    if (up.sockets.length > 1) send(head(one.stream), data(one.stream, 'new', END_STREAM))
    else if (waiting.push(() => send(head(one.stream), data(one.stream, 'old', END_STREAM))) === 3) send(goaway(one.stream))
  })
  const { port } = await startHop(t, up.port, { service })
  const olds = await Promise.all([1, 2, 3].map(async () => (await rawClient(t, port)).send(get())))
  await eventually(() => waiting.length === 3)
  while ((await ask(t, port, get())).answer.body.toString() !== 'new') { /* the GOAWAY is on its way */ }
  for (const go of waiting.splice(0, 3)) go()
  for (const old of olds) t.equal((await old.answer()).body.toString(), 'old')
  t.equal(up.sockets.length, 2)
})

t.test('what the upstream has not taken is sent once more, a POST as well; a second time it is a 502', async t => {
  for (const refuse of [(stream: number) => reset(stream, 7), () => goaway(0)]) {
    const heads: Frame[] = []
    const up = await frameServer(t, (one, send) => {
      if (one.type === FRAME.headers && heads.push(one) === 1) send(refuse(one.stream))
      else if (one.type === FRAME.data) send(head(one.stream), data(one.stream, 'taken', END_STREAM))
    })
    const { port } = await startHop(t, up.port, { service })
    t.equal((await ask(t, port, post)).answer.body.toString(), 'taken')
    t.equal(heads.length, 2)
  }
  const heads: Frame[] = []
  const up = await frameServer(t, (one, send) => {
    if (one.type === FRAME.headers) heads.push(one)
    if (one.type === FRAME.headers) send(reset(one.stream, 7))
  })
  const { port } = await startHop(t, up.port, { service })
  t.equal(statusOf((await ask(t, port, post)).answer), 502)
  t.equal(heads.length, 2)
})

t.test('a status above 599 passes', async t => {
  const up = await frameServer(t, (one, send) => {
    if (one.type === FRAME.headers) send(frame(FRAME.headers, END_HEADERS | END_STREAM, one.stream, block([[':status', '799']])))
  })
  const { port } = await startHop(t, up.port, { service })
  t.equal(statusOf((await ask(t, port, get())).answer), 799)
})

t.test('a status below 100 is a 502, and the gateway lives on', async t => {
  const up = await frameServer(t, (one, send) => {
    if (one.type === FRAME.headers) send(frame(FRAME.headers, END_HEADERS, one.stream, block([[':status', '099']])), data(one.stream, 'hi', END_STREAM))
  })
  const { port } = await startHop(t, up.port, { service })
  for (let round = 0; round < 2; round++) t.equal(statusOf((await ask(t, port, get())).answer), 502)
})

t.test('a field that the client has sent twice goes up, whatever Node thinks of it', async t => {
  const up = await frameServer(t, (one, send) => {
    if (one.type === FRAME.headers) send(head(one.stream, END_HEADERS | END_STREAM))
  })
  const { port } = await startHop(t, up.port, { service })
  t.equal(statusOf((await ask(t, port, 'GET / HTTP/1.1\r\nHost: gateway.test\r\nIf-None-Match: "a"\r\nIf-None-Match: "b"\r\n\r\n')).answer), 200)
})

t.test('pings of the upstream are answered', async t => {
  const up = await frameServer(t, (one, send) => {
    if (one.type === FRAME.headers) send(frame(FRAME.ping, 0, 0, Buffer.from('12345678')), head(one.stream), data(one.stream, 'x', END_STREAM))
  })
  const { port } = await startHop(t, up.port, { service })
  await ask(t, port, get())
  await eventually(() => up.frames.some(({ type, flags, payload }) => type === FRAME.ping && flags === 1 && payload.toString() === '12345678'))
})

t.test('a connection on which an answer did not come in time is asked nothing more until it answers a ping', async t => {
  for (const silent of [true, false]) {
    let answers = false
    const up = await frameServer(t, (one, send) => {
      if (one.type === FRAME.headers && answers) send(head(one.stream), data(one.stream, 'awake', END_STREAM))
    }, { silent })
    const { port } = await startHop(t, up.port, { service: { ...service, read_timeout: 300 } })
    t.equal(statusOf((await ask(t, port, get())).answer), 504)
    answers = true
    if (!silent) await eventually(() => up.frames.some(({ type }) => type === FRAME.ping))
    t.equal((await ask(t, port, get())).answer.body.toString(), 'awake')
    if (silent) t.equal(up.sockets.length, 2)
    await eventually(() => up.frames.some(({ type }) => type === FRAME.reset))
  }
})

t.test('a head that is too large is a 502', async t => {
  const big = ['x-big', 'a'.repeat(15_900)] as const
  const up = await frameServer(t, (one, send) => {
    if (one.type !== FRAME.headers) return
    // one field block in frames of at most 16 KiB
    const whole = block([[':status', '200'], big, big, big, big, big])
    const parts = Array.from({ length: Math.ceil(whole.length / 16_000) }, (_, index) => whole.subarray(index * 16_000, (index + 1) * 16_000))
    send(...parts.map((part, index) => frame(index === 0 ? FRAME.headers : FRAME.continuation, (index === 0 ? END_STREAM : 0) | (index === parts.length - 1 ? END_HEADERS : 0), one.stream, part)))
  })
  const { port } = await startHop(t, up.port, { service })
  t.equal(statusOf((await ask(t, port, get())).answer), 502)
})

t.test('more requests than the upstream takes on a connection get another one', async t => {
  const waiting: Array<() => void> = []
  // SETTINGS_MAX_CONCURRENT_STREAMS: 2
  const up = await frameServer(t, (one, send) => {
    if (one.type === FRAME.headers) waiting.push(() => send(head(one.stream), data(one.stream, 'x', END_STREAM)))
  }, { settings: Buffer.from([0, 3, 0, 0, 0, 2]) })
  const { port } = await startHop(t, up.port, { service })
  const first = (await rawClient(t, port)).send(get())
  await eventually(() => waiting.length === 1)
  const others = await Promise.all([1, 2, 3].map(async () => (await rawClient(t, port)).send(get())))
  await eventually(() => waiting.length === 4)
  t.equal(up.sockets.length, 2)
  for (const go of waiting) go()
  for (const client of [first, ...others]) t.equal(value(await client.answer(), 'via'), '1.1 sallyport')
})
