import fc from 'fast-check'
import t from 'tap'
import { Chunks } from '../../../src/proxy/transport/http1/chunks.ts'
import { holds } from '../../helpers/holds.ts'

interface Read {
  readonly body: string
  readonly trailers: string[] | null
  /** Bytes after the end. */
  readonly rest: number
}

/** @param cuts where the bytes are cut into what comes at once */
function read (text: string, cuts: readonly number[] = []): Read {
  const chunks = new Chunks()
  const pieces: Buffer[] = []
  const bytes = Buffer.from(text, 'latin1')
  let rest = 0
  const places = [0, ...cuts.map(cut => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  for (let index = 1; index < places.length; index++) {
    const part = bytes.subarray(places[index - 1], places[index])
    if (chunks.trailers === null) rest += part.length - chunks.read(part, 0, pieces)
    else rest += part.length
  }
  return { body: Buffer.concat(pieces).toString('latin1'), trailers: chunks.trailers, rest }
}

t.test('reads chunks, their extensions and trailers', async t => {
  t.same(read('3\r\nabc\r\nA;x=1;y="z"\r\n0123456789\r\n0\r\n\r\n'), { body: 'abc0123456789', trailers: [], rest: 0 })
  t.same(read('003 \r\nabc\r\n000\r\nX-Sum: 1\r\n\r\nrest'), { body: 'abc', trailers: ['X-Sum', '1'], rest: 4 })
  t.same(read('3\r\nab'), { body: 'ab', trailers: null, rest: 0 })
})

t.test('however the bytes come, they are the same body', async t => {
  const part = fc.uint8Array({ minLength: 1, maxLength: 40 }).map(bytes => Buffer.from(bytes).toString('latin1'))
  holds(t, fc.property(fc.array(part, { maxLength: 6 }), fc.array(fc.nat(400), { maxLength: 12 }), fc.boolean(), (parts, cuts, trailer) => {
    const text = `${parts.map(one => `${one.length.toString(16)}\r\n${one}\r\n`).join('')}0\r\n${trailer ? 'X-A: b\r\n' : ''}\r\nmore`
    const { body, trailers, rest } = read(text, cuts)
    return body === parts.join('') && trailers?.length === (trailer ? 2 : 0) && rest === 4
  }))
})

t.test('refuses what is no chunk', async t => {
  for (const text of ['\r\n', 'zz\r\n', '-1\r\n', '0x3\r\nabc\r\n', '3\nabc\n', '3\r\nabcd\r\n', '3\r\nabc\n', '3 x\r\nabc\r\n', '3;\0\r\nabc\r\n', '12345678901234\r\n', '0\r\nno field\r\n\r\n', '0\r\n\n', '0\r\nX-A : 1\r\n\r\n', `3;${'x'.repeat(5_000)}`, `3;${'x'.repeat(5_000)}\r\n`]) {
    t.throws(() => read(text), { code: 'SP_UPSTREAM_INVALID' }, JSON.stringify(text.slice(0, 40)))
  }
  t.throws(() => read(`0\r\n${'X-A: 0123456789\r\n'.repeat(4_000)}`), { code: 'UND_ERR_HEADERS_OVERFLOW' })
})
