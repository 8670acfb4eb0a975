import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { createRedactor } from '../../src/observability/redaction.ts'
import { secretsOfFile, secretValues } from '../../src/observability/secret-values.ts'

const from = (name: string): string => '$' + `{{ env "DECK_${name}" }}`

t.test('values that came from references, whole and without the text around them', async t => {
  const { source } = await loadConfig({
    file: 'gateway.yaml',
    env: { DECK_TOKEN: 'token-of-deck', NAME: 'name-of-vault' },
    text: `_format_version: "3.0"
services:
  - &s
    name: '{vault://env/name}'
    url: http://shop.example
    tags: ['Bearer ${from('TOKEN')}!', plain]
  - <<: *s
    name: other
`
  })
  t.same(secretValues(source).sort(), ['Bearer token-of-deck!', 'name-of-vault', 'token-of-deck'])
})

t.test('hosts of upstreams that came from references are cut where they stand alone; those of this machine with their ports', async t => {
  const { source, config } = await loadConfig({
    file: 'gateway.yaml',
    env: { DECK_URL: 'https://orders.internal:8443/v1', DECK_LOCAL: 'http://127.0.0.1:9000', DECK_HOST: 'stock.internal', DECK_TARGET: '10.1.2.3:8080', DECK_SIX: '[fd00::1]:81', DECK_CASE: 'Depot.Internal:82', DECK_BARE: 'fd00::2' },
    text: `_format_version: "3.0"
services:
  - { name: a, url: '${from('URL')}', routes: [{ name: a, paths: [/a] }] }
  - { name: b, url: '${from('LOCAL')}', routes: [{ name: b, paths: [/b] }] }
  - { name: c, url: 'http://${from('HOST')}:9001/x', routes: [{ name: c, paths: [/c] }] }
  - { name: d, host: pool, routes: [{ name: d, paths: [/d] }] }
  - { name: e, url: 'http://plain.internal', routes: [{ name: e, paths: [/e] }] }
upstreams: [{ name: pool, targets: [{ target: '${from('TARGET')}' }, { target: '${from('SIX')}' }, { target: '${from('CASE')}' }, { target: '${from('BARE')}' }, { target: 'plain.internal:80' }] }]
`
  })
  if (config === null) throw new Error('the file has errors')
  const secrets = secretsOfFile(config, source)
  t.same([...secrets.hosts].sort(), ['10.1.2.3', '127.0.0.1:9000', 'depot.internal', 'fd00::1', 'fd00::2', 'orders.internal', 'stock.internal'])
  const { host, authority, text } = createRedactor([], secrets.values, secrets.hosts)
  for (const name of ['orders.internal', 'stock.internal', '10.1.2.3', 'fd00::1', '[fd00::1]']) t.equal(host(name, 1), 'REDACTED', name)
  t.same([host('127.0.0.1', 9000), host('127.0.0.1', 9001), host('plain.internal', 80)], ['REDACTED', '127.0.0.1', 'plain.internal'])
  t.same(['https://orders.internal:8443', '10.1.2.3:8080', '[fd00::1]:81', '127.0.0.1:9000', '127.0.0.1', 'http://plain.internal:80', 'stock.internal'].map(authority),
    ['https://REDACTED:8443', 'REDACTED:8080', 'REDACTED:81', 'REDACTED:9000', '127.0.0.1', 'http://plain.internal:80', 'REDACTED'])
  t.equal(text('getaddrinfo ENOTFOUND stock.internal; 127.0.0.1 listens'), 'getaddrinfo ENOTFOUND REDACTED; 127.0.0.1 listens')
  t.equal(createRedactor().authority('10.1.2.3:8080'), '10.1.2.3:8080')
})
