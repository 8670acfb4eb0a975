import t from 'tap'
import { Type, type TSchema } from 'typebox'
import { secretsIn } from '../../../src/config/lint/secrets.ts'
import { findingsOf } from './findings.ts'

const pointers = (value: unknown, schema?: TSchema): string[] => [...secretsIn(value, schema, '')].map(({ pointer }) => pointer)
const secret = Type.String({ secret: true })

t.test('a field that its schema calls a secret', async t => {
  const schema = Type.Object({
    password: secret,
    redis: Type.Object({ password: Type.Union([secret, Type.Null()]), host: Type.String() }),
    keys: Type.Array(secret),
    named: Type.Record(Type.String(), secret)
  })
  t.same(pointers({ password: 'p', redis: { password: 'q', host: 'h' }, keys: ['k', ''], named: { a: 's' } }, schema), ['/password', '/redis/password', '/keys/0', '/named/a'])
})

t.test('credentials in headers', async t => {
  t.same(pointers({
    add: { headers: ['Authorization: Bearer x', 'X-Api-Key:1', 'X-Other: 1', 'Authorization:'] },
    remove: { headers: ['Authorization:x'] },
    rename: { headers: ['Authorization:X-Old'] },
    replace: { headers: ['Authorization: $(headers.x)'] },
    headers: { authorization: 'Basic x', accept: 'a' }
  }), ['/add/headers/0', '/add/headers/1', '/headers/authorization'])
})

t.test('credentials in query arguments', async t => {
  t.same(pointers({
    add: { querystring: ['api_key:x', 'apikey: x', 'token:$(headers.x)', 'page:1', 'token:'], body: ['page:1', 'client_secret:x', 'api_key:$(headers.x)'] },
    remove: { querystring: ['token:x'] }
  }), ['/add/querystring/0', '/add/querystring/1', '/add/body/1'])
})

t.test('credentials in headers of other names, as log servers and collectors want them', async t => {
  const headers = { 'X-Splunk-Token': 's', 'DD-API-KEY': 'd', 'x-honeycomb-team': 'h', 'X-Client-Secret': 'c', 'X-Source': 'gateway', 'X-Token-Type': 'jwt', 'X-Monkey': 'm' }
  t.same(pointers({ headers }), ['/headers/X-Splunk-Token', '/headers/DD-API-KEY', '/headers/x-honeycomb-team', '/headers/X-Client-Secret'])
  t.same(pointers({ add: Object.entries(headers).map(field => field.join(':')) }), ['/add/0', '/add/1', '/add/2', '/add/3'])
})

t.test('a password in a URL', async t => {
  t.same(pointers({ a: 'redis://user:pw@host', b: 'https://host/a:b@c', c: 'https://host/@x' }), ['/a'])
  t.same(pointers({ a: 'redis://us/er:pw@host' }), ['/a'], 'beside the web no path has these: a user and a password may')
})

const file = (header: string): string => `plugins:
  - name: request-transformer
    config: { add: { headers: [${header}] } }
`

t.test('says where a literal secret stands, without repeating it', async t => {
  const [finding] = await findingsOf('literal-secret', file('"Authorization: Bearer canary"'))
  t.match(finding, { path: 'plugins[request-transformer].config.add.headers[0]', range: { line: 4 } })
  t.notMatch(JSON.stringify(finding), /canary/)
})

t.test('a secret from the environment is fine', async t => {
  t.same(await findingsOf('literal-secret', file('"{vault://env/AUTH}"'), { AUTH: 'Authorization: Bearer canary' }), [])
})

t.test('a secret that is shorter than its hash can be guessed', async t => {
  const consumers = (...secrets: string[]): string => `plugins: [{ name: jwt }]
consumers:
  - username: a
    jwt_secrets: [${secrets.map((secret, index) => `{ key: k${index}, ${secret} }`).join(', ')}]
`
  const found = await findingsOf('short-secret', consumers(
    `secret: ${'x'.repeat(31)}`,
    `secret: ${'x'.repeat(32)}`,
    `secret: ${'é'.repeat(16)}`,
    `algorithm: HS384, secret: ${'x'.repeat(47)}`,
    `algorithm: HS512, secret: ${'x'.repeat(64)}`,
    'secret: "{vault://env/SHORT}"'
  ), { SHORT: 'canary' })
  t.same(found.map(({ path, cause }) => [path, /\d+/.exec(cause)?.[0]]), [
    ['consumers[a].jwt_secrets[0].secret', '31'], ['consumers[a].jwt_secrets[3].secret', '47'], ['consumers[a].jwt_secrets[5].secret', '6']
  ])
  t.notMatch(JSON.stringify(found), /canary/)
})
