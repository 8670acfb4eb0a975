import t from 'tap'
import type { Deadline } from '../../src/config/model.ts'
import type { Context } from '../../src/gateway/context.ts'
import { deadlineOf, readDeadline, writeDeadline } from '../../src/proxy/attempts/deadline.ts'
import { HeaderList } from '../../src/proxy/fields/header-list.ts'
import type { Upstream } from '../../src/proxy/request/upstream.ts'

const NOW = Date.UTC(2026, 0, 31, 12)

t.test('each field is read by its own rules, and what breaks them is not there', async t => {
  for (const [header, value, left] of [
    ['x-request-deadline', '2026-01-31T12:00:01Z', 1000],
    ['x-request-deadline', ' 2026-01-31T13:00:00.250+01:00 ', 250],
    ['x-request-deadline', '2026-01-31T11:59:59Z', -1000],
    ['x-request-deadline', '2026-01-31', null],
    ['x-request-deadline', '2026-13-31T12:00:00Z', null],
    ['x-request-deadline', '1000', null],
    ['grpc-timeout', '2H', 7_200_000],
    ['grpc-timeout', '3M', 180_000],
    ['grpc-timeout', '4S', 4000],
    ['grpc-timeout', '250m', 250],
    ['grpc-timeout', '5000u', 5],
    ['grpc-timeout', '99999999n', 99.999999],
    ['grpc-timeout', '123456789m', null],
    ['grpc-timeout', '1s', null],
    ['grpc-timeout', '-1S', null],
    ['x-envoy-expected-rq-timeout-ms', '250', 250],
    ['x-envoy-expected-rq-timeout-ms', '2.5', null],
    ['x-envoy-expected-rq-timeout-ms', '', null]
  ] as const) t.equal(readDeadline(header, value, NOW), left, `${header}: ${value}`)
})

t.test('what is written says the same when it is read', async t => {
  for (const header of ['x-request-deadline', 'grpc-timeout', 'x-envoy-expected-rq-timeout-ms'] as const) {
    for (const left of [0, 1, 250.9, 60_000]) t.equal(readDeadline(header, writeDeadline(header, left, NOW), NOW), Math.floor(left), header)
    t.equal(readDeadline(header, writeDeadline(header, -5, NOW), NOW), 0, 'never a negative time')
  }
  t.equal(writeDeadline('grpc-timeout', 2 ** 31, NOW), '2147483S', 'eight digits at most')
})

function deadline (total: number, options: Partial<Deadline> | null, value?: string, trusted = true): { at: number, field: string | undefined } {
  const headers = new HeaderList(value === undefined ? [] : ['X-Request-Deadline', value])
  const context = { startedTick: 100, startedAt: NOW, trusted } as unknown as Context
  const policy = { deadline: options === null ? null : { header: 'x-request-deadline', accept: true, send: true, ...options } }
  const at = deadlineOf(context, { headers, policy, timeouts: { total } } as unknown as Upstream)
  return { at, field: headers.get('x-request-deadline') }
}

t.test('a trusted peer can make the deadline sooner, and nobody can make it later', async t => {
  const soon = '2026-01-31T12:00:00.250Z'
  t.same(deadline(1000, null, soon), { at: 1100, field: soon }, 'without the option it is a field like any other')
  t.same(deadline(0, null), { at: 0, field: undefined })
  t.same(deadline(1000, {}, soon), { at: 350, field: undefined })
  t.same(deadline(0, {}, soon), { at: 350, field: undefined })
  t.same(deadline(0, {}, '9999-12-31T00:00:00Z'), { at: 0, field: undefined }, 'no timer takes as much')
  t.same(deadline(100, {}, soon), { at: 200, field: undefined })
  t.same(deadline(1000, {}), { at: 1100, field: undefined })
  t.same(deadline(1000, {}, soon, false), { at: 1100, field: undefined }, 'a stranger')
  t.same(deadline(1000, { send: false }, soon), { at: 350, field: soon }, 'passed on as it came')
  t.same(deadline(1000, { send: false }, soon, false), { at: 1100, field: undefined })
  t.same(deadline(1000, { accept: false }, soon), { at: 1100, field: undefined })
  t.same(deadline(0, {}, 'tomorrow'), { at: 0, field: undefined })
  t.ok(deadline(0, {}, '2026-01-31T11:00:00Z').at > 0, 'long past is not the same as none')
})
