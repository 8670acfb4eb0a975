/** Upstreams and targets on their way from the file to the configuration. */
import t from 'tap'
import { targetAddress } from '../../src/config/target-address.ts'
import { derivedId } from '../../src/config/ids.ts'
import { loadText } from '../helpers/marked-yaml.ts'
import { runCli } from '../helpers/cli.ts'

const HEAD = '_format_version: "3.0"\n'

t.test('nested and flat targets, with defaults of decK', async t => {
  const { config, diagnostics } = await loadText(`${HEAD}_info:
  defaults:
    upstream: {slots: 100}
    target: {weight: 7}
services:
- {name: s, url: "http://users:9/v1", routes: [{paths: [/]}]}
upstreams:
- name: users
  targets:
  - {target: 10.0.0.1}
  - {target: "Users.internal:81", weight: 1}
targets:
- {target: "[2001:db8::1]:443", upstream: users, failover: true}
- {target: "2001:db8::2", upstream: {name: users}}
`)
  t.strictSame(diagnostics, [])
  t.match(config?.upstreams, [{ name: 'users', algorithm: 'round-robin', hash_on: 'none', hash_fallback: 'none', slots: 100, slow_start: 0, host_header: null, id: derivedId('upstreams', 'users') }])
  t.strictSame(config?.targets.map(({ upstream, target, weight, failover }) => [upstream, target, weight, failover]), [
    ['10.0.0.1:8000', 7, false], ['users.internal:81', 1, false], ['[2001:db8::1]:443', 7, true], ['[2001:db8::2]:8000', 7, false]
  ].map(rest => [derivedId('upstreams', 'users'), ...rest]))
})

t.test('one target twice in one upstream, in two spellings', async t => {
  const { diagnostics } = await loadText(`${HEAD}services: [{host: users, routes: [{paths: [/]}]}, {host: orders, routes: [{paths: [/o]}]}]
upstreams:
- {name: users, targets: [{target: a.internal}]}
- {name: orders, targets: [{target: a.internal}]}
targets:
- {upstream: users, target: "A.internal:8000"}
`)
  t.match(diagnostics, [{ rule: 'not-unique', path: 'targets[0].target', mend: /weight of both/ }])
  t.equal(diagnostics.length, 1)
})

t.test('hash_on decides about the algorithm, and is silent about it where none was written', async t => {
  for (const [fields, algorithm, hashOn] of [
    ['hash_on: ip', 'consistent-hashing', 'ip'],
    ['hash_on: ip, algorithm: consistent-hashing', 'consistent-hashing', 'ip'],
    ['algorithm: latency, hash_on: none', 'latency', 'none'],
    ['algorithm: sticky-sessions, sticky_sessions_cookie: c', 'sticky-sessions', 'none'],
    ['hash_on: null', 'round-robin', 'none']
  ] as const) {
    const { config, diagnostics } = await loadText(`${HEAD}services: [{host: users, routes: [{paths: [/]}]}]\nupstreams: [{name: users, ${fields}, targets: [{target: a}]}]\n`)
    t.strictSame(diagnostics, [], fields)
    t.match(config?.upstreams, [{ algorithm, hash_on: hashOn }], fields)
  }
})

t.test('what print shows is a file with the same meaning', async t => {
  const text = `${HEAD}services: [{host: users, routes: [{paths: [/]}]}]\nupstreams: [{name: users, algorithm: consistent-hashing, targets: [{target: a, weight: 5}]}]\n`
  const { stdout } = await runCli(['print', '-'], { stdin: text })
  t.match(stdout, /^upstreams:\n(?: .*\n)*targets:\n(?: .*\n)*? {4}upstream: users$/m)
  const [before, after] = [(await loadText(text)).config, (await loadText(stdout)).config]
  const facts = (config: typeof before): unknown => [config?.upstreams, config?.targets].map(list => list?.map(({ pointer: _, ...rest }) => rest))
  t.ok(before)
  t.strictSame(facts(after), facts(before))
})

t.test('name servers, with and without a port', async t => {
  const { config, diagnostics } = await loadText(`${HEAD}gateway: {dns: {servers: ["10.0.0.2", "10.0.0.2:5353", "2001:db8::1", "[2001:db8::1]:53"]}}\n`)
  t.strictSame(diagnostics, [])
  t.strictSame(config?.gateway.dns, { servers: ['10.0.0.2', '10.0.0.2:5353', '2001:db8::1', '[2001:db8::1]:53'], timeout: 2000 })
  t.strictSame((await loadText(HEAD)).config?.gateway.dns, { servers: [], timeout: 2000 })
})

t.test('addresses of targets', async t => {
  t.strictSame(targetAddress('a.b'), { host: 'a.b', port: 8000 })
  t.strictSame(targetAddress('[::1]:1'), { host: '[::1]', port: 1 })
  t.strictSame(targetAddress('::1'), { host: '[::1]', port: 8000 })
  for (const text of ['', ':80', 'a:', 'a:x', 'a:70000', 'a:0']) t.equal(targetAddress(text), undefined, text)
})
