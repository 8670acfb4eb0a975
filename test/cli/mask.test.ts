import t from 'tap'
import { maskSecrets } from '../../src/cli/report/mask.ts'

t.test('values of secret keys become asterisks, in the same columns', async t => {
  for (const [line, expected] of [
    ['key: canary', 'key: ******'],
    ['  - key: canary # why', '  - key: ************'],
    ['- { username: a, password: canary, tags: [b] }', '- { username: a, password: ******, tags: [b] }'],
    ['[{ key: one }, { key: two }]', '[{ key: *** }, { key: *** }]'],
    ['{ secret: "a, b}", other: c }', '{ secret: *******, other: c }'],
    ["{ 'secret': 'it''s', other: c }", "{ 'secret': *******, other: c }"],
    ['client_secret: x', 'client_secret: *'],
    ['api-token: x', 'api-token: *'],
    ['"password": "unclosed', '"password": *********'],
    ['"password": "a\\"b", c', '"password": ******, c'],
    ['{ Authorization: "Bearer canary" }', '{ Authorization: *************** }'],
    ['authorization_value: canary', 'authorization_value: ******'],
    ['headers: ["Authorization: Bearer canary", "X-A:b"]', 'headers: ["Authorization: *************", "X-A:b"]'],
    ["- 'x-api-key:canary'", "- 'x-api-key:******'"],
    ['    - Authorization:canary', '    - Authorization:******'],
    ['url: http://user:canary@host:80/a', 'url: http://user:******@host:80/a'],
    ['- redis://:c@n@127.0.0.1', '- redis://:***@127.0.0.1'],
    ['{ a: "http://u:x@one", b: "http://u:y@two" }', '{ a: "http://u:*@one", b: "http://u:*@two" }'],
    ['http_endpoint: https://logs.example.com/?a=b&api_key=canary&c=d', 'http_endpoint: https://logs.example.com/?a=b&api_key=******&c=d']
  ] as const) {
    t.equal(maskSecrets(line), expected)
    t.equal(expected.length, line.length)
  }
})

t.test('references, and what is no secret, stay', async t => {
  for (const line of [
    'key: "{vault://env/NAME}"', 'secret: $' + '{{ env "DECK_X" }}', 'key_names: [apikey]', 'monkey: banana', 'keys: a', 'hash: 0123', 'secret: |', 'secret:', 'url: http://key:8000/', 'url: http://host:80/user@example.com', 'url: http://user@host/', 'authorization: "{vault://env/NAME}"', 'http://u:$' + '{{ env "DECK_P" }}@host'
  ]) t.equal(maskSecrets(line), line)
})

t.test('a line made to be slow is read at once', async t => {
  const started = performance.now()
  for (const line of [`key: ${'"'.repeat(50_000)}`, `${'key: '.repeat(20_000)}`, `key: '${"''".repeat(30_000)}`, `key: a${' '.repeat(50_000)}`, `${'a_'.repeat(30_000)}key`]) maskSecrets(line)
  for (const line of [`${'://a:'.repeat(20_000)}`, `://a:${'@'.repeat(50_000)}`, `${'?key='.repeat(20_000)}`, `"key:${'"key:'.repeat(20_000)}`, `- ${'a-'.repeat(20_000)}key`]) maskSecrets(line)
  t.ok(performance.now() - started < 2000)
})
