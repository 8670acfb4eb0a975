import { Readable } from 'node:stream'
import t from 'tap'
import type { Outgoing } from '../../../src/proxy/transport/flow.ts'
import { knowFields, requestHead } from '../../../src/proxy/transport/http1/request-head.ts'

const outgoing = (given: Partial<Outgoing>): Outgoing => ({ method: 'GET', path: '/', fields: ['host', 'a'], body: null, upgrade: false, connectTimeout: 1, readTimeout: 1, ...given })
const text = (given: Partial<Outgoing>): string => requestHead(outgoing(given)).text

t.test('writes the fields as they are, and what the connection is for', async t => {
  t.equal(text({ path: '/a?b=c', fields: ['host', 'a', 'X-A', '\xe9 1', 'x-a', ''] }), 'GET /a?b=c HTTP/1.1\r\nhost: a\r\nX-A: \xe9 1\r\nx-a: \r\nconnection: keep-alive\r\n\r\n')
  t.equal(text({ upgrade: true }), 'GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n')
})

t.test('frames the body', async t => {
  for (const [given, end, length] of [
    [{ method: 'POST' }, 'connection: keep-alive\r\ncontent-length: 0\r\n\r\n', 0],
    [{ method: 'DELETE' }, 'connection: keep-alive\r\n\r\n', 0],
    [{ method: 'DELETE', fields: ['Content-Length', '0'] }, 'connection: keep-alive\r\n\r\n', 0],
    [{ method: 'GET', body: Buffer.from('abc') }, 'content-length: 3\r\n\r\n', 3],
    // the body is what it is, whatever a plugin has left in the field
    [{ method: 'PUT', body: Buffer.from('abc'), fields: ['content-length', '7'] }, 'content-length: 3\r\n\r\n', 3],
    [{ method: 'PUT', body: Readable.from([]), fields: ['CONTENT-length', '7'] }, 'content-length: 7\r\n\r\n', 7],
    [{ method: 'PUT', body: Readable.from([]), fields: [] }, 'transfer-encoding: chunked\r\n\r\n', -1]
  ] as const) {
    const head = requestHead(outgoing(given))
    t.ok(head.text.endsWith(end), JSON.stringify(head.text))
    t.equal(head.length, length)
    t.equal(head.text.split('\r\n').filter(line => /^(?:content-length|transfer-encoding)/i.test(line)).length, /length|encoding/.test(end) ? 1 : 0)
  }
})

t.test('refuses what would be read as something else', async t => {
  for (const given of [
    { method: 'GET /x' }, { method: '' }, { path: '' }, { path: '/a b' }, { path: '/a\r\nX: 1' }, { path: '/\u20ac' },
    { fields: ['X-A', '1\r\nX-B: 2'] }, { fields: ['X-A', '\0'] }, { fields: ['X-A', '\u20ac'] }, { fields: ['X A', '1'] }, { fields: ['X-A:', '1'] }, { fields: ['', '1'] },
    { fields: ['Connection', 'close'] }, { fields: ['transfer-encoding', 'chunked'] }, { fields: ['Upgrade', 'h2c'] }, { fields: ['Keep-Alive', '1'] }, { fields: ['Expect', '100-continue'] },
    { fields: ['content-length', '3'] }, { fields: ['content-length', 'x'], body: Readable.from([]) }, { fields: ['content-length', '1', 'content-length', '1'], body: Readable.from([]) }
  ]) t.throws(() => text(given), { code: 'UND_ERR_INVALID_ARG' }, JSON.stringify(given))
})

t.test('names that are known are still held to what they are', async t => {
  knowFields(['X-Known', 'no name', 'connection', 'Content-Length'])
  t.match(text({ fields: ['X-Known', '1', 'x-known', '2'] }), /X-Known: 1\r\nx-known: 2/)
  t.throws(() => text({ fields: ['no name', '1'] }))
  t.throws(() => text({ fields: ['connection', 'close'] }))
})
