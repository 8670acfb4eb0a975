import t from 'tap'
import { createMetrics, METRICS, pack } from '../../plugins/statsd/metrics.ts'
import statsd from '../../plugins/statsd/index.ts'
import type { Ended, GatewayRequest } from '../../src/plugin.ts'
import { testPlugin } from '../../src/testing/index.ts'
import { receiver } from '../helpers/datagrams.ts'
import { until } from '../helpers/running.ts'

const FAST = { max_coalescing_delay: 0.01 }

t.test('counts and times under Kong\'s names', async t => {
  const { port, messages } = await receiver(t)
  const run = await testPlugin(t, { plugin: statsd, config: { host: '127.0.0.1', port, queue: FAST }, upstream: () => ({ status: 418 }), consumer: { username: 'ann.b' } })
  await run.request('/a')
  await until('all of it', () => messages.join('\n').includes('user.'))
  const lines = messages.join('\n').split('\n')
  for (const pattern of [/^kong\.service\.service\.request\.count:1\|c$/, /^kong\.service\.service\.status\.418:1\|c$/, /^kong\.service\.service\.latency:\d+\|ms$/, /^kong\.service\.service\.upstream_latency:\d+\|ms$/,
    /^kong\.service\.service\.kong_latency:\d+\|ms$/, /^kong\.service\.service\.request\.size:[1-9]\d*\|ms$/, /^kong\.service\.service\.response\.size:[1-9]\d*\|ms$/, /^kong\.service\.service\.user\.ann_b\.request\.count:1\|c$/]) {
    t.equal(lines.filter(line => pattern.test(line)).length, 1, String(pattern))
  }
  t.equal(lines.length, METRICS.length)
})

const request = { service: { host: 'a.b:c|d' }, route: { id: 'r1' }, consumer: null } as unknown as GatewayRequest
const ended = { status: 200, total: 12.4, upstream: -1, gateway: 1, read: 1, written: 2 } as Ended

t.test('tags, and names that can\'t be mistaken for the protocol', async t => {
  t.same(createMetrics({ prefix: 'gw', metrics: ['latency', 'upstream_latency', 'request_per_user'], tag_style: 'dogstatsd' })(request, ended), ['gw.latency:12|ms|#service:a_b_c_d,route:r1,status:200'])
  t.same(createMetrics({ prefix: 'gw', metrics: ['request_count', 'request_per_user'], tag_style: 'influxdb' })({ ...request, consumer: { username: null, custom_id: 'c 1' } } as unknown as GatewayRequest, ended),
    ['gw.request.count,service=a_b_c_d,route=r1,status=200:1|c', 'gw.request.count,service=a_b_c_d,route=r1,status=200,user=c_1:1|c'])
  t.same(createMetrics({ prefix: 'gw', metrics: ['status_count'], tag_style: 'none' })({ service: null, route: null, consumer: null } as unknown as GatewayRequest, ended), ['gw.service.none.status.200:1|c'])
})

t.test('metrics share datagrams up to their length', async t => {
  t.same(pack(['aaaa', 'bbbb', 'cccc'], 9), ['aaaa\nbbbb', 'cccc'])
  t.same(pack([], 9), [])
  t.same(pack(['longer than it may be'], 9), ['longer than it may be'], 'the system says so then')
})
