import { createHash, generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { loadText } from '../helpers/marked-yaml.ts'

const HEAD = '_format_version: "3.0"\n'
const HASH = 'a'.repeat(64)
const pem = (key: ReturnType<typeof generateKeyPairSync>['publicKey']): string => JSON.stringify(String((key as unknown as { export (options: object): string }).export({ type: 'spki', format: 'pem' })))
const rsa = pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey)
const ec = pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)

async function errorsOf (text: string): Promise<Array<{ rule: string, path: string, cause: string }>> {
  const { diagnostics } = await loadText(HEAD + text)
  return diagnostics.filter(({ severity }) => severity === 'error').map(({ rule, path, cause }) => ({ rule, path, cause }))
}

t.test('credentials are the same nested and flat, but for their places', async t => {
  const nested = await loadText(`${HEAD}consumers:
- username: ada
  acls: [{ group: partners }]
  keyauth_credentials: [{ key: k-1, scopes: [a] }]
  basicauth_credentials: [{ username: ada, password: secret }]
  hmacauth_credentials: [{ username: ada, secret: s }]
  jwt_secrets: [{ key: iss, secret: s }]
  oauth2_credentials: [{ name: app, client_id: c }]
`)
  const flat = await loadText(`${HEAD}acls: [{ group: partners, consumer: ada }]
keyauth_credentials: [{ key: k-1, scopes: [a], consumer: { username: ada } }]
basicauth_credentials: [{ username: ada, password: secret, consumer: ada }]
hmacauth_credentials: [{ username: ada, secret: s, consumer: ada }]
jwt_secrets: [{ key: iss, secret: s, consumer: ada }]
oauth2_credentials: [{ name: app, client_id: c, consumer: ada }]
consumers: [{ username: ada }]
`)
  const plain = (config: typeof nested.config): unknown => JSON.parse(JSON.stringify(config?.credentials, (key, value: unknown) => key === 'pointer' ? undefined : value))
  t.strictSame(plain(nested.config), plain(flat.config))
  const consumer = nested.config?.consumers[0]?.id as string
  t.match(nested.config?.credentials, {
    acls: [{ consumer, group: 'partners' }],
    keyauth_credentials: [{ consumer, digest: createHash('sha256').update('k-1').digest('hex'), scopes: ['a'], expires_at: null, rate_limit: null }],
    basicauth_credentials: [{ consumer, username: 'ada', password: createHash('sha1').update(`secret${consumer}`).digest('hex') }],
    hmacauth_credentials: [{ consumer, username: 'ada', secret: 's' }],
    jwt_secrets: [{ consumer, key: 'iss', secret: 's', rsa_public_key: null, algorithm: 'HS256' }],
    oauth2_credentials: [{ consumer, client_id: 'c' }]
  })
  t.notMatch(JSON.stringify(nested.config), '"k-1"', 'the key itself ends at the loader')
})

t.test('hashed passwords and keys stay as they are', async t => {
  const hash = '$2b$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234'
  const { config } = await loadText(`${HEAD}consumers: [{ username: ada, basicauth_credentials: [{ username: ada, password: ${hash} }], keyauth_credentials: [{ hash: ${HASH.toUpperCase()} }] }]`)
  t.match(config?.credentials, { basicauth_credentials: [{ password: hash }], keyauth_credentials: [{ digest: HASH }] })
  const digests = await loadText(`${HEAD}_transform: false\nconsumers: [{ username: ada, basicauth_credentials: [{ username: ada, password: 0123456789abcdef0123456789abcdef01234567 }] }]`)
  t.match(digests.config?.credentials, { basicauth_credentials: [{ password: '0123456789abcdef0123456789abcdef01234567' }] })
})

t.test('a key ends at the earlier of expires_at and ttl', async t => {
  const before = Date.now()
  const { config } = await loadText(`${HEAD}consumers: [{ username: ada, keyauth_credentials: [
    { hash: ${HASH}, expires_at: "2027-01-31T00:00:00Z", ttl: 0 }, { key: b, ttl: 60 }, { key: c, ttl: 60, expires_at: "2020-01-01T00:00:00Z" } ] }]`)
  const ends = config?.credentials.keyauth_credentials.map(key => key.expires_at) as number[]
  t.equal(ends[0], Date.UTC(2027, 0, 31))
  t.ok((ends[1] as number) >= before + 60_000 && (ends[1] as number) <= Date.now() + 60_000)
  t.equal(ends[2], Date.UTC(2020, 0, 1))
})

t.test('what two credentials may not share is refused with both places, and no key is shown', async t => {
  for (const [field, collection, one, two] of [
    ['key', 'keyauth_credentials', '{ key: canary-key }', '{ key: canary-key }'],
    ['key', 'keyauth_credentials', '{ key: canary-key }', `{ hash: ${createHash('sha256').update('canary-key').digest('hex')} }`],
    ['key', 'jwt_secrets', '{ key: iss, secret: a }', '{ key: iss, secret: b }'],
    ['username', 'basicauth_credentials', '{ username: u, password: a }', '{ username: u, password: b }'],
    ['username', 'hmacauth_credentials', '{ username: u, secret: a }', '{ username: u, secret: b }'],
    ['client_id', 'oauth2_credentials', '{ name: a, client_id: c }', '{ name: b, client_id: c }']
  ] as const) {
    const { config, diagnostics } = await loadText(`${HEAD}consumers:\n- { username: ada, ${collection}: [${one}] }\n- { username: bob, ${collection}: [${two}] }\n`)
    t.equal(config, null)
    const [error] = diagnostics.filter(({ severity }) => severity === 'error')
    t.match(error, { rule: 'not-unique', cause: new RegExp(`'${collection}' entity with (?:${field}|hash)`), range: { line: 4 }, related: [{ range: { line: 3 } }] }, collection)
    t.notMatch(`${error?.cause}${error?.mend}`, 'canary')
  }
})

t.test('a consumer is in a group of acl once', async t => {
  t.match(await errorsOf('consumers: [{ username: ada, acls: [{ group: a }, { group: b }, { group: a }] }]'), [{ rule: 'not-unique', path: 'consumers[ada].acls[2].group' }])
})

t.test('what is missing or does not fit', async t => {
  const own = (fields: string): string => `consumers: [{ username: ada, ${fields} }]`
  const cases: Array<[string, string, RegExp]> = [
    ['keyauth_credentials: [{ key: k }]', 'required', /'consumer'/],
    ['acls: [{ group: g, consumer: nobody }]', 'unresolved-reference', /nobody/],
    [own('acls: [{ group: g, consumer: ada }]'), 'implied-reference', /must be null/],
    [own('keyauth_credentials: [{ tags: [a] }]'), 'required', /'key', 'hash'/],
    [own(`keyauth_credentials: [{ key: k, hash: ${HASH} }]`), 'field-conflict', /'key', 'hash'/],
    [own('keyauth_credentials: [{ hash: abc }]'), 'bad-format', /./],
    [own('jwt_secrets: [{ key: k }]'), 'required', /'secret'/],
    [own('jwt_secrets: [{ key: k, algorithm: ES256 }]'), 'required', /'rsa_public_key'/],
    [own('jwt_secrets: [{ key: k, algorithm: none, secret: s }]'), 'not-one-of', /HS256/],
    [own('jwt_secrets: [{ key: k, algorithm: RS256, rsa_public_key: nonsense }]'), 'bad-public-key', /^invalid key$/],
    [own(`jwt_secrets: [{ key: k, algorithm: RS256, rsa_public_key: ${ec} }]`), 'bad-public-key', /no key for RS256/],
    [own(`jwt_secrets: [{ key: k, algorithm: ES384, rsa_public_key: ${ec} }]`), 'bad-public-key', /no key for ES384/],
    [own(`jwt_secrets: [{ key: k, algorithm: EdDSA, rsa_public_key: ${rsa} }]`), 'bad-public-key', /no key for EdDSA/],
    [own(`jwt_secrets: [{ key: k, algorithm: RS256, rsa_public_key: ${pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey)} }]`), 'bad-public-key', /2048/],
    [own('basicauth_credentials: [{ username: a, password: $2b$31$LQv3c1yqBWVHxkd0LHAkCOYz6TtxMQJqhN8/LewKyNiGSsbkIuoWi }]'), 'bad-credential', /cost 31/],
    [own('basicauth_credentials: [{ username: a, password: $scrypt$nonsense }]'), 'bad-credential', /no scrypt hash/],
    [own('keyauth_credentials: [{ key: sp_nonsense }]'), 'bad-credential', /checksum/],
    [own('groups: [gold]'), 'unresolved-reference', /consumer_group: gold/],
    ['consumer_groups: [{ name: gold, consumers: [eve] }]', 'unresolved-reference', /consumer: eve/],
    ['consumer_groups: [{ name: gold }, { name: gold }]', 'not-unique', /gold/],
    ['consumers: [{ username: ada }]\nconsumer_group_consumers: [{ consumer: ada }]', 'required', /consumer_group/],
    ['consumers: [{ username: ada }]\nconsumer_groups: [{ name: gold }]\nplugins: [{ name: fixture, consumer: ada, consumer_group: gold }]', 'field-conflict', /'consumer', 'consumer_group'/]
  ]
  for (const [text, rule, cause] of cases) {
    const errors = await errorsOf(text)
    t.equal(errors.length, 1, `${text}: ${JSON.stringify(errors)}`)
    t.match(errors[0], { rule, cause }, text)
  }
  for (const fields of [`algorithm: RS256, rsa_public_key: ${rsa}`, `algorithm: PS512, rsa_public_key: ${rsa}`, `algorithm: ES256, rsa_public_key: ${ec}`]) {
    t.same(await errorsOf(own(`jwt_secrets: [{ key: k, ${fields} }]`)), [])
  }
})

t.test('who is in which group can be said in three places', async t => {
  const { config } = await loadText(`${HEAD}consumers: [{ username: ada, groups: [{ name: gold }] }, { username: bob }, { username: cy }]
consumer_groups: [{ name: gold, consumers: [{ username: bob }] }, { name: silver, plugins: [{ name: fixture }] }]
consumer_group_consumers: [{ consumer: cy, consumer_group: silver }, { consumer: cy, consumer_group: gold }]
`)
  const names = new Map(config?.consumer_groups.map(({ id, name }) => [id, name]))
  t.same(config?.consumers.map(consumer => consumer.groups.map(id => names.get(id))), [['gold'], ['gold'], ['silver', 'gold']])
  t.equal(names.get(config?.plugins[0]?.consumer_group as string), 'silver')
})

t.test('an option that names a consumer must name one of the file', async t => {
  const errors = await errorsOf('consumers: [{ username: guest }]\nplugins: [{ name: fixture, config: { anonymous: gest } }]')
  t.match(errors, [{ rule: 'unresolved-reference', path: 'plugins[fixture].config.anonymous', cause: /consumer: gest/ }])
  t.same(await errorsOf('consumers: [{ username: guest }]\nplugins: [{ name: fixture, config: { anonymous: guest } }]'), [])
})

t.test('with _transform: false a password must be a hash', async t => {
  const file = (password: string): string => `_transform: false\nconsumers: [{ username: ada, basicauth_credentials: [{ username: ada, password: ${password} }] }]`
  const errors = await errorsOf(file('canary-password'))
  t.match(errors, [{ rule: 'bad-credential', path: /password$/, cause: /no hash/ }])
  t.notMatch(JSON.stringify(errors), /canary/)
  t.same(await errorsOf(file('0123456789abcdef0123456789ABCDEF01234567')), [])
})
