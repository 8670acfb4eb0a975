import t from 'tap'
import { findingsOf } from './findings.ts'

const service = (fields: string, rest = ''): string => `services: [{ name: s, url: "http://127.0.0.1:3001", ${fields}, routes: [{ paths: [/] }] }]\n${rest}`
const found = async (yaml: string, env?: Record<string, string>): Promise<string[]> => (await findingsOf('short-timeout', yaml, env)).map(({ path, mend }) => `${path}: ${mend}`)

t.test('milliseconds that look like seconds are warned of, in services, plugins and settings', async t => {
  t.same(await found(service('connect_timeout: 5, read_timeout: 60, write_timeout: 1', `
plugins:
  - { name: http-log, config: { http_endpoint: "http://127.0.0.1:9/", timeout: 10 } }
gateway: { timeouts: { keep_alive: 65, headers: 30 } }
`)), [
    'services[s].connect_timeout: Write 5000 (milliseconds) for 5 seconds.',
    'services[s].read_timeout: Write 60000 (milliseconds) for 60 seconds.',
    'services[s].write_timeout: Write 1000 (milliseconds) for 1 second.',
    'plugins[http-log].config.timeout: Write 10000 (milliseconds) for 10 seconds.',
    'gateway.timeouts.keep_alive: Write 65000 (milliseconds) for 65 seconds.',
    'gateway.timeouts.headers: Write 30000 (milliseconds) for 30 seconds.'
  ])
})

t.test('what is short on purpose, long enough, off, or not in milliseconds isn\'t', async t => {
  t.same(await found(service('connect_timeout: 31, read_timeout: 250, retry: { backoff: 10, max_backoff: 20, hedge_delay: 20 }, circuit_breaker: { failure_threshold: 5, reset_timeout: 20 }', `
plugins:
  - { name: rate-limiting, config: { minute: 5, policy: redis, redis: { host: 127.0.0.1, timeout: 20 } } }
  - { name: proxy-cache, config: { cache_ttl: 5 } }
gateway: { timeouts: { send: 0 } }
`)), [])
})

t.test('a number from a variable is not shown', async t => {
  t.same(await found(service('total_timeout: "{vault://env/times/total}"'), { TIMES: '{"total":7}' }), ['services[s].total_timeout: Set the variable to milliseconds.'])
})
