import fc from 'fast-check'
import t from 'tap'
import { mayBecomeHead, parseHead, parseTrailers } from '../../../src/proxy/transport/http1/head.ts'
import { holds } from '../../helpers/holds.ts'

const head = (...lines: string[]): string => lines.map(line => `${line}\r\n`).join('')

t.test('reads status, reason and fields as they were sent', async t => {
  t.same(parseHead(head('HTTP/1.1 200 OK', 'X-A:1', 'x-b:\t two words \t', 'Empty:', 'Set-Cookie: a', 'Set-Cookie: b', 'X-Bytes: \xe9')), {
    status: 200,
    text: 'OK',
    fields: ['X-A', '1', 'x-b', 'two words', 'Empty', '', 'Set-Cookie', 'a', 'Set-Cookie', 'b', 'X-Bytes', '\xe9'],
    length: -1,
    chunked: false,
    persistent: true,
    keepAlive: -1
  })
  t.match(parseHead(head('HTTP/1.1 404')), { status: 404, text: '' })
  t.match(parseHead(head('HTTP/1.1 999 ')), { status: 999, text: '' })
})

t.test('says how the body is framed', async t => {
  for (const [fields, expected] of [
    [['Content-Length: 0'], { length: 0, chunked: false }],
    [['CONTENT-LENGTH: 0012'], { length: 12 }],
    [['Transfer-Encoding: Chunked'], { length: -1, chunked: true }],
    [['Transfer-Encoding: gzip, chunked'], { chunked: false }]
  ] as const) t.match(parseHead(head('HTTP/1.1 200 OK', ...fields)), expected, fields.join())
})

t.test('says whether and for how long the connection stays', async t => {
  for (const [version, fields, persistent, keepAlive] of [
    ['1.1', [], true, -1],
    ['2.0', [], true, -1],
    ['1.0', [], false, -1],
    ['1.1', ['Connection: close'], false, -1],
    ['1.1', ['connection: x, Close'], false, -1],
    ['1.1', ['Connection: keep-alive', 'Keep-Alive: timeout=5, max=100'], true, 5],
    ['1.1', ['Keep-Alive: max=100,timeout=72'], true, 72],
    ['1.1', ['Keep-Alive: nothing'], true, -1],
    ['1.0', ['Connection: Keep-Alive'], true, -1],
    ['1.0', ['Connection: Keep-Alive', 'Transfer-Encoding: chunked'], false, -1]
  ] as const) t.match(parseHead(head(`HTTP/${version} 200 OK`, ...fields)), { persistent, keepAlive }, `${version} ${fields.join()}`)
  for (const status of ['204 No Content', '304 Not Modified']) {
    for (const [fields, persistent] of [[[], true], [['Content-Length: 0'], true], [['Content-Length: 5'], false], [['Transfer-Encoding: chunked'], false]] as const) {
      t.match(parseHead(head(`HTTP/1.1 ${status}`, ...fields)), { persistent }, `a body may follow where ${status} announces one: ${fields.join()}`)
    }
  }
})

t.test('refuses what could be read in two ways', async t => {
  for (const text of [
    'HTTP/1.1 20 OK\r\n', 'HTTP/1.1 200 OK\nX-A: 1\r\n', 'HTTP/1.1 200 O\0K\r\n', 'HTTP/1.1 2000 OK\r\n', 'HTTP/1.1 099 OK\r\n', 'HTTP/1.1 2x0 OK\r\n', 'HTTP/1.1  200 OK\r\n', 'HTTP/3.0 200 OK\r\n', 'HTTP/1.2 200 OK\r\n', 'http/1.1 200 OK\r\n', ' HTTP/1.1 200 OK\r\n',
    head('HTTP/1.1 200 OK', ' folded: 1'), head('HTTP/1.1 200 OK', 'X-A: 1', '\tfolded'), head('HTTP/1.1 200 OK', 'X-A : 1'), head('HTTP/1.1 200 OK', ': 1'), head('HTTP/1.1 200 OK', 'no colon'),
    head('HTTP/1.1 200 OK', 'X-A: 1\rX-B: 2'), head('HTTP/1.1 200 OK', 'X-A: 1\nX-B: 2'), head('HTTP/1.1 200 OK', 'X-A: \0'), head('HTTP/1.1 200 OK', 'X-A: \x7f'), head('HTTP/1.1 200 OK', 'X(A: 1'), head('HTTP/1.1 200 OK', 'X\xe9: 1')
  ]) t.throws(() => parseHead(text), { code: 'SP_UPSTREAM_INVALID' }, JSON.stringify(text))
  for (const fields of [['Content-Length: 2', 'Content-Length: 2'], ['Content-Length: 2, 2'], ['Content-Length: -1'], ['Content-Length: +1'], ['Content-Length: 0x1'], ['Content-Length:'], ['Content-Length: 1234567890123456'], ['Content-Length: 2', 'Transfer-Encoding: chunked'], ['Transfer-Encoding: x', 'Content-Length: 2'], ['Transfer-Encoding: chunked', 'transfer-encoding: chunked']]) {
    t.throws(() => parseHead(head('HTTP/1.1 200 OK', ...fields)), { code: 'SP_UPSTREAM_LENGTH' }, fields.join())
  }
})

t.test('what it reads of any fields is what they say', async t => {
  const name = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/)
  const value = fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]{0,20}$/)
  const blank = fc.stringMatching(/^[ \t]{0,3}$/)
  holds(t, fc.property(fc.array(fc.tuple(name, blank, value, blank), { maxLength: 8 }), fields => {
    const plain = fields.filter(([field]) => !/^(?:content-length|transfer-encoding)$/i.test(field))
    const read = parseHead(head('HTTP/1.1 200 OK', ...plain.map(([field, before, text, after]) => `${field}:${before}${text}${after}`)))
    return JSON.stringify(read.fields) === JSON.stringify(plain.flatMap(([field, , text]) => [field, text.replace(/^[ \t]+|[ \t]+$/g, '')]))
  }))
})

t.test('trailers have nothing that frames a message', async t => {
  t.same(parseTrailers(head('X-Sum: abc', 'Content-Length: 3', 'transfer-encoding: chunked', 'Connection: close', 'X-B:')), ['X-Sum', 'abc', 'X-B', ''])
  t.same(parseTrailers(''), [])
  for (const text of [head('none'), head('X-A : 1'), head('X-A: \0'), head(' X: 1')]) t.equal(parseTrailers(text), null, JSON.stringify(text))
})

t.test('what can become no head is known before its end', async t => {
  const may = (text: string, known = 0): boolean => mayBecomeHead(Buffer.from(text, 'latin1'), known)
  for (const text of ['H', 'HTTP/1.', 'HTTP/1.0 2', 'HTTP/2.0 200 OK\r\nX-A', 'HTTP/1.1 200 OK\r', 'HTTP/1.1 200 OK\r\n']) t.equal(may(text), true, text)
  for (const text of ['220 mail', 'HTTP/3', 'HTTX', 'http', '\r\n', 'HTTP/1.1 200 OK\n', 'HTTP/1.1 200 OK\r\nX: 1\n\n']) t.equal(may(text), false, text)
  t.equal(may('HTTP/1.1 200 OK\r\nX: 1', 17), true)
})
