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
    ['url: redis://user:pa/ss@host', 'url: redis://user:*****@host'],
    ['url: redis://user:12/ss@host:6379/0', 'url: redis://user:*****@host:6379/0'],
    ['url: redis://us/er:p?a#s@host', 'url: redis://us/er:*****@host'],
    ['url: http://user:pa/ss@host/a', 'url: http://user:*****@host/a'],
    ['url: http://user:p?s#s@host/a', 'url: http://user:*****@host/a'],
    ['url: http://user:a@b/c@host', 'url: http://user:*****@host'],
    ['url: https://me@example.com:canary@host', 'url: https://me@example.com:******@host'],
    ['url: redis://u:pa ss@host # why', 'url: redis://u:*****@host # why'],
    ['url: redis://u:pa #s@host', 'url: redis://u:*****@host'],
    ['url: redis://u:canary@host # ask ops@example.com', 'url: redis://u:******@host # ask ops@example.com'],
    ['url: redis://u:p"a\'s@host', 'url: redis://u:*****@host'],
    ['url: "redis://u:p\\"as@host", b: "x@y"', 'url: "redis://u:*****@host", b: "x@y"'],
    ["url: 'redis://u:p''as@host'", "url: 'redis://u:*****@host'"],
    ['url: redis://u:p%40%2fs@host', 'url: redis://u:********@host'],
    ['url: redis://u:canary@[::1]:6379', 'url: redis://u:******@[::1]:6379'],
    ['url: http://12345:67890@host', 'url: http://12345:*****@host'],
    ['url: redis://u:a{vault://env/P}b@host', 'url: redis://u:*{vault://env/P}*@host'],
    ['urls: [redis://u:x@one,redis://u:y@two]', 'urls: [redis://u:*@one,redis://u:*@two]'],
    ['http_endpoint: https://logs.example.com/?a=b&api_key=canary&c=d', 'http_endpoint: https://logs.example.com/?a=b&api_key=******&c=d']
  ] as const) {
    t.equal(maskSecrets(line), expected)
    t.equal(expected.length, line.length)
  }
})

t.test('references, and what is no secret, stay', async t => {
  for (const line of [
    'key: "{vault://env/NAME}"', 'secret: $' + '{{ env "DECK_X" }}', 'key_names: [apikey]', 'monkey: banana', 'keys: a', 'hash: 0123', 'secret: |', 'secret:', 'url: http://key:8000/', 'url: http://host:80/user@example.com', 'url: http://user@host/', 'url: http://[::1]:80/user@example.com', 'url: http://[::1]/a:b@c', 'url: redis://host:6379/0 # ask ops@example.com', 'url: http://host # see: ops@example.com',
    'url: https://host/a:b@c', '{ a: "http://host:8o", b: "x@y" }', 'url: "http://h","a:b@c"', 'url: redis://[::1]:6379/0 # a@b', 'authorization: "{vault://env/NAME}"', 'http://u:$' + '{{ env "DECK_P" }}@host'
  ]) t.equal(maskSecrets(line), line)
})

t.test('a line made to be slow is read at once', async t => {
  const started = performance.now()
  for (const line of [`key: ${'"'.repeat(50_000)}`, `${'key: '.repeat(20_000)}`, `key: '${"''".repeat(30_000)}`, `key: a${' '.repeat(50_000)}`, `${'a_'.repeat(30_000)}key`]) maskSecrets(line)
  for (const line of [`${'://a:'.repeat(20_000)}@`, `${'redis://a:b@'.repeat(10_000)}`, `"redis://a:${'\\"'.repeat(30_000)}@`, `http://${'a'.repeat(50_000)}:b@`, `redis://u:${'{vault://'.repeat(10_000)}@`, `redis://u:${'${{'.repeat(20_000)}@`, `://a:${'@'.repeat(50_000)}`, `${'?key='.repeat(20_000)}`, `"key:${'"key:'.repeat(20_000)}`, `- ${'a-'.repeat(20_000)}key`]) maskSecrets(line)
  t.ok(performance.now() - started < 2000)
})
