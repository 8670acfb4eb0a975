/** Conditional requests, HEAD and ranges of stored answers. */
import t from 'tap'
import { cached } from '../../helpers/cached.ts'

t.test('clients that have the answer get 304', async t => {
  const run = await cached(t, { headers: { 'cache-control': 'max-age=60', etag: 'W/"a,b"', 'last-modified': 'Mon, 31 Dec 2029 00:00:00 GMT', 'content-language': 'en', 'content-location': '/x' } })
  t.equal((await run.request({ headers: { 'if-none-match': 'W/"a,b"' } })).status, 200, 'the first answer is fetched whole, to be stored')
  t.equal(run.received[0]?.headers['if-none-match'], undefined)
  const ask = async (headers: Record<string, string>) => await run.request({ headers })
  const known = await ask({ 'if-none-match': '"x", "a,b"' })
  t.equal(known.status, 304)
  t.equal(known.text, '')
  t.match(known.headers, { etag: 'W/"a,b"', 'cache-control': 'max-age=60', 'x-cache-status': 'Hit', 'content-location': '/x' })
  t.same([known.headers['content-language'], known.headers['content-type'], known.headers['last-modified']], [undefined, undefined, undefined])
  t.equal((await ask({ 'if-none-match': '*' })).status, 304)
  t.equal((await ask({ 'if-none-match': '"a"' })).status, 200)
  t.equal((await ask({ 'if-none-match': '"a"', 'if-modified-since': 'Tue, 01 Jan 2030 00:00:00 GMT' })).status, 200, 'the tag goes before the date')
  t.equal((await ask({ 'if-modified-since': 'Mon, 31 Dec 2029 00:00:00 GMT' })).status, 304)
  t.equal((await ask({ 'if-modified-since': 'Monday, 31-Dec-29 00:00:00 GMT' })).status, 304, 'in the old form')
  t.equal((await ask({ 'if-modified-since': 'Sun, 30 Dec 2029 23:59:59 GMT' })).status, 200)
  t.equal((await ask({ 'if-modified-since': 'soon' })).status, 200)
  t.equal(run.received.length, 1)
})

t.test('without Last-Modified the date of the answer counts', async t => {
  const run = await cached(t, { headers: { 'cache-control': 'max-age=60', date: 'Tue, 01 Jan 2030 00:00:00 GMT' } })
  await run.request()
  t.equal((await run.request({ headers: { 'if-modified-since': 'Tue, 01 Jan 2030 00:00:00 GMT' } })).status, 304)
  t.equal((await run.request({ headers: { 'if-modified-since': 'Mon, 31 Dec 2029 23:59:59 GMT' } })).status, 200)
})

t.test('HEAD and ranges are answered from whole answers', async t => {
  const run = await cached(t, { body: '0123456789', headers: { 'cache-control': 'max-age=60', etag: '"s"', 'last-modified': 'Mon, 31 Dec 2029 00:00:00 GMT' } })
  const first = await run.request({ method: 'HEAD' })
  t.equal(first.headers['x-cache-status'], 'Bypass', 'a HEAD stores nothing')
  t.equal((await run.request({ headers: { range: 'bytes=0-1' } })).headers['x-cache-status'], 'Bypass', 'nor does a part')
  t.equal(run.received.at(-1)?.headers['range'], 'bytes=0-1')
  await run.request()
  const asked = run.received.length
  const head = await run.request({ method: 'HEAD' })
  t.match(head.headers, { 'x-cache-status': 'Hit', 'content-length': '10', etag: '"s"' })
  t.equal(head.text, '')

  const range = async (value: string, headers: Record<string, string> = {}) => await run.request({ headers: { range: value, ...headers } })
  for (const [value, text, contentRange] of [['bytes=2-4', '234', '2-4'], ['bytes=7-', '789', '7-9'], ['bytes=-3', '789', '7-9'], ['bytes=8-99', '89', '8-9'], ['bytes=-99', '0123456789', '0-9']] as const) {
    const part = await range(value)
    t.equal(part.status, 206, value)
    t.equal(part.text, text)
    t.match(part.headers, { 'content-range': `bytes ${contentRange}/10`, 'content-length': String(text.length), etag: '"s"', 'x-cache-status': 'Hit' })
  }
  for (const value of ['bytes=10-', 'bytes=-0']) {
    const none = await range(value)
    t.equal(none.status, 416, value)
    t.match(none.headers, { 'content-range': 'bytes */10', 'content-length': '0' })
  }
  for (const value of ['bytes=1-2,4-5', 'items=1-2', 'bytes=4-2', 'bytes=-', 'bytes=a-b']) t.equal((await range(value)).status, 200, `${value} is ignored`)
  t.equal((await range('bytes=1-2', { 'if-range': '"s"' })).status, 206)
  t.equal((await range('bytes=1-2', { 'if-range': 'Mon, 31 Dec 2029 00:00:00 GMT' })).status, 206)
  for (const other of ['"t"', 'W/"s"', 'Tue, 01 Jan 2030 00:00:00 GMT']) t.equal((await range('bytes=1-2', { 'if-range': other })).status, 200, `If-Range: ${other}`)
  t.equal((await range('bytes=1-2', { 'if-none-match': '"s"' })).status, 304, 'conditions go before ranges')
  t.equal(run.received.length, asked)
})

t.test('a date tells a part only of what was changed in an earlier second than it was sent', async t => {
  for (const [changed, status] of [['Mon, 31 Dec 2029 23:59:59 GMT', 206], ['Tue, 01 Jan 2030 00:00:00 GMT', 200]] as const) {
    const run = await cached(t, { headers: { 'cache-control': 'max-age=60', 'last-modified': changed, date: 'Tue, 01 Jan 2030 00:00:00 GMT' } })
    await run.request()
    const answer = await run.request({ headers: { range: 'bytes=0-1', 'if-range': changed } })
    t.same([answer.status, answer.headers['x-cache-status']], [status, 'Hit'], changed)
  }
})

t.test('a service without ranges is not given any', async t => {
  const run = await cached(t, { headers: { 'cache-control': 'max-age=60', 'accept-ranges': 'none' } })
  await run.request()
  t.equal((await run.request({ headers: { range: 'bytes=0-1' } })).status, 200)
})
