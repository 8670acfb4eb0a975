import t from 'tap'
import { DEFAULT_RETRY } from '../../src/config/entities/retry.ts'
import { endingOf } from '../../src/proxy/errors.ts'
import { rawField } from '../../src/proxy/fields/raw-field.ts'
import { retryAfter } from '../../src/proxy/attempts/retry-after.ts'
import { backoffTime, createRetryPolicy, isReason } from '../../src/proxy/attempts/retry-policy.ts'
import type { Upstream } from '../../src/proxy/request/upstream.ts'

t.test('a pause is random, doubles with each attempt, and has an end', async t => {
  const policy = createRetryPolicy({ ...DEFAULT_RETRY, backoff: 25, max_backoff: 1000 }, 5)
  t.same([1, 2, 3, 6, 7, 2000].map(count => backoffTime(policy, count, 1)), [25, 50, 100, 800, 1000, 1000])
  t.equal(backoffTime(policy, 3, 0.5), 50)
  t.equal(backoffTime(policy, 3, 0), 0)
  t.equal(backoffTime({ ...policy, backoff: 0 }, 2000, 1), 0)
})

t.test('what a service says nothing about is as its schema has it', async t => {
  const policy = createRetryPolicy(DEFAULT_RETRY, 5)
  t.match(policy, { retries: 5, connect: true, reset: true, timeout: false, statuses: null, bodyLimit: 65_536, hedgeDelay: 0 })
  t.same([...createRetryPolicy({ ...DEFAULT_RETRY, retry_on: [503, 'timeout'] }, 1).statuses ?? []], [503])
})

t.test('Retry-After is a number of seconds or a date', async t => {
  const now = Date.UTC(2026, 0, 31, 12)
  for (const [value, expected] of [
    [undefined, 0], ['2', 2000], [' 120 ', 120_000], ['0', 0], ['-1', 0], ['soon', 0],
    ['Sat, 31 Jan 2026 12:00:05 GMT', 5000], ['Sat, 31 Jan 2026 11:00:00 GMT', 0]
  ] as const) t.equal(retryAfter(value, now), expected, String(value))
})

t.test('a field of an answer is found whatever its case is', async t => {
  const raw = ['Retry', '1', 'RETRY-after', '2', 'Retry-After', '3']
  t.equal(rawField(raw, 'retry-after'), '2')
  t.equal(rawField(raw, 'content-length'), undefined)
})

t.test('how an attempt ended depends on whether it had a connection', async t => {
  const coded = (code: string): Error => Object.assign(new Error(code), { code })
  for (const [code, unsent, sent] of [
    ['ECONNREFUSED', 'connect', 'reset'],
    ['ECONNRESET', 'connect', 'reset'],
    ['ETIMEDOUT', 'connect', 'reset'],
    ['ENOTFOUND', 'connect', 'reset'],
    ['CERT_HAS_EXPIRED', 'invalid', 'invalid'],
    ['UND_ERR_CONNECT_TIMEOUT', 'connect', 'reset'],
    ['UND_ERR_SOCKET', 'connect', 'reset'],
    ['UND_ERR_HEADERS_TIMEOUT', 'connect', 'timeout'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'invalid', 'invalid'],
    ['HPE_INVALID_VERSION', 'invalid', 'invalid'],
    ['UND_ERR_INVALID_ARG', 'cancelled', 'cancelled']
  ] as const) {
    t.equal(endingOf(coded(code), false), unsent, code)
    t.equal(endingOf(coded(code), true), sent, code)
  }
})

t.test('only what never left is repeated whatever its method and body are', async t => {
  const policy = createRetryPolicy({ ...DEFAULT_RETRY, retry_on: ['connect', 'reset', 'timeout'] }, 5)
  const of = (method: string, body: unknown): Upstream => ({ retry: policy, method, body }) as unknown as Upstream
  t.ok(isReason(of('POST', {}), 'connect'))
  for (const ending of ['reset', 'timeout'] as const) {
    t.ok(isReason(of('GET', null), ending))
    t.ok(isReason(of('PUT', Buffer.from('x')), ending))
    t.notOk(isReason(of('PUT', {}), ending), 'a stream')
    t.notOk(isReason(of('POST', null), ending))
  }
  for (const ending of ['invalid', 'cancelled', 'complete'] as const) t.notOk(isReason(of('GET', null), ending))
})
