import { createRequire } from 'node:module'
import t from 'tap'
import { knowFields } from '../../src/proxy/known-fields.ts'

const { headerNameLowerCasedRecord: known } = createRequire(import.meta.url)('undici/lib/core/constants.js') as { headerNameLowerCasedRecord: Record<string, string> }

t.test('tells undici names as they are spelled, and nothing that is no name', async t => {
  knowFields(['X-Test-Known', 'bad name', 'bad\r\nname'])
  t.equal(known['X-Test-Known'], 'x-test-known')
  t.equal(known['x-test-known'], 'x-test-known')
  t.equal(known['bad name'], undefined)
  t.equal(known['bad\r\nname'], undefined)
})

t.test('undici reads the table for each field that it sends', async t => {
  const Request = createRequire(import.meta.url)('undici/lib/core/request.js') as new (origin: string, options: object, handler: object) => unknown
  const handler = { onConnect () {}, onHeaders () {}, onData () {}, onComplete () {}, onError () {}, onUpgrade () {} }
  const make = () => new Request('http://localhost', { path: '/', method: 'GET', headers: ['bad name', 'x'] }, handler)
  t.throws(make, { message: 'invalid header key' })
  known['bad name'] = 'bad name'
  t.teardown(() => { delete known['bad name'] })
  t.doesNotThrow(make)
})
