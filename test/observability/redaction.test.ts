import t from 'tap'
import { createApiKey } from '../../src/auth/api-key.ts'
import { cutTargets } from '../../src/gateway/cut-facts.ts'
import { createRedactor } from '../../src/observability/redaction.ts'

const CANARY = 'canary-5f1c'

t.test('headers that carry credentials are cut, whatever their case', async t => {
  const redactor = createRedactor()
  const secret = ['Authorization', 'proxy-authorization', 'COOKIE', 'Set-Cookie', 'apikey', 'X-API-Key', 'api_key', 'X-Auth-Token',
    'x-billing-token', 'X-Amz-Security-Token', 'Ocp-Apim-Subscription-Key', 'X-CSRF-Token', 'Sec-WebSocket-Protocol', 'DPoP',
    'X-Forwarded-Authorization', 'x-goog-iap-jwt-assertion', 'X-Client-Secret', 'x-session-id']
  for (const name of secret) t.equal(redactor.header(name), true, name)
  for (const name of ['host', 'user-agent', 'Accept', 'Idempotency-Key', 'Sec-WebSocket-Key', 'x-request-id', 'content-type', 'cache-control', 'x-forwarded-for']) {
    t.equal(redactor.header(name), false, name)
  }
})

t.test('configured names are cut in headers and in queries', async t => {
  const redactor = createRedactor(['X-Tenant', 'customer_no'])
  t.equal(redactor.header('x-tenant'), true)
  t.equal(redactor.argument('Customer-No'), true)
  t.equal(redactor.url('/a?customer_no=12&x=1'), '/a?customer_no=REDACTED&x=1')
  t.equal(createRedactor().header('x-tenant'), false)
})

t.test('an address without anything to cut comes back as it is', async t => {
  const redactor = createRedactor()
  for (const target of ['/', '/orders/42', '/a?b=1&c=2', '/a?', '/a?=', '/a;v=1', '*', '/a?b=https%3A%2F%2Fx%2F%3Fc%3D1', '/@me', '/a?q=a@b']) {
    t.equal(redactor.url(target), target)
  }
})

t.test('an address of many arguments costs no more than its length', async t => {
  const redactor = createRedactor()
  const start = performance.now()
  for (const target of [`/?${'='.repeat(8000)}`, `/?${'a='.repeat(3900)}%253D%3D`]) redactor.url(target)
  t.ok(performance.now() - start < 500)
})

t.test('secret arguments of an address are cut', async t => {
  const redactor = createRedactor()
  const cut: Array<[string, string]> = [
    [`/a?access_token=${CANARY}`, '/a?access_token=REDACTED'],
    [`/a?b=1&token=${CANARY}&c=2`, '/a?b=1&token=REDACTED&c=2'],
    [`/a?TOKEN=${CANARY}`, '/a?TOKEN=REDACTED'],
    [`/a?apiKey=${CANARY}`, '/a?apiKey=REDACTED'],
    [`/a?api-key=${CANARY}&api_key=${CANARY}`, '/a?api-key=REDACTED&api_key=REDACTED'],
    [`/a?key=${CANARY}&code=${CANARY}&sig=${CANARY}`, '/a?key=REDACTED&code=REDACTED&sig=REDACTED'],
    [`/a?X-Amz-Signature=${CANARY}&X-Amz-Date=1`, '/a?X-Amz-Signature=REDACTED&X-Amz-Date=1'],
    [`/a?access%5Ftoken=${CANARY}`, '/a?access%5Ftoken=REDACTED'],
    [`/a?%74oken=${CANARY}&%zz=1`, '/a?%74oken=REDACTED&%zz=1'],
    [`/a?filter[token]=${CANARY}`, '/a?filter[token]=REDACTED'],
    [`/a?x=1;token=${CANARY}`, '/a?x=1;token=REDACTED'],
    [`/a?token=x;${CANARY}`, '/a?token=REDACTED'],
    [`/a?token=x#${CANARY}`, '/a?token=REDACTED'],
    [`/a?token=a=${CANARY}`, '/a?token=REDACTED'],
    [`/a;jsessionid=${CANARY}`, '/a;jsessionid=REDACTED'],
    [`/a#access_token=${CANARY}`, '/a#access_token=REDACTED'],
    [`https://user:${CANARY}@host/a`, 'https://REDACTED@host/a'],
    [`https://${CANARY}@host?a=1`, 'https://REDACTED@host?a=1'],
    [`/login?next=https://x/?token=${CANARY}`, '/login?next=https://x/?token=REDACTED'],
    [`/login?next=https%3A%2F%2Fx%2F%3Ftoken%3D${CANARY}&b=1`, `/login?next=${encodeURIComponent('https://x/?token=REDACTED')}&b=1`],
    [`/login?next=https%3A%2F%2Fann%3A${CANARY}%40x%2F&b=1`, `/login?next=${encodeURIComponent('https://REDACTED@x/')}&b=1`]
  ]
  for (const [target, expected] of cut) t.equal(redactor.url(target), expected)
})

t.test('free text loses credentials, addresses lose their user information', async t => {
  const redactor = createRedactor()
  t.equal(redactor.text(`connect to redis://:${CANARY}@db:6379/0 failed`), 'connect to redis://REDACTED@db:6379/0 failed')
  t.equal(redactor.text(`refused Bearer ${CANARY}`), 'refused Bearer REDACTED')
  t.equal(redactor.text(`GET /a?token=${CANARY} failed`), 'GET /a?token=REDACTED failed')
  t.equal(redactor.text('connect ECONNREFUSED 10.0.0.1:80'), 'connect ECONNREFUSED 10.0.0.1:80')
  const line = JSON.stringify({ msg: `GET http://u:${CANARY}@h/?token=${CANARY}`, mail: 'a@b', url: 'http://h/' })
  t.same(JSON.parse(redactor.text(line)), { msg: 'GET http://REDACTED@h/?token=REDACTED', mail: 'a@b', url: 'http://h/' }, 'a JSON line stays one')
})

t.test('values that came from references are cut wherever they stand', async t => {
  const redactor = createRedactor([], ['p"ss\\word', 'väl ue!', 'short', '8080443', 'p"ss\\word-longer'])
  t.equal(redactor.text('it is p"ss\\word'), 'it is REDACTED')
  t.equal(redactor.text(JSON.stringify({ a: 'p"ss\\word' })), '{"a":"REDACTED"}')
  t.equal(redactor.secrets(`/a?x=${encodeURIComponent('väl ue!')}`), '/a?x=REDACTED')
  t.equal(redactor.text('p"ss\\word-longer'), 'REDACTED', 'no tail of the longer one is left')
  t.equal(redactor.text('short 8080443'), 'short 8080443', 'what is short or a number is found by chance')
})

t.test('names of clients do not fill the memory', async t => {
  const redactor = createRedactor()
  for (let index = 0; index < 5000; index++) redactor.header(`x-${index}`)
  t.equal(redactor.header('x-new-token'), true)
  t.equal(redactor.header('x-new'), false)
})

t.test('keys of `sallyport keys create` are cut wherever they stand', async t => {
  const redactor = createRedactor()
  for (const key of [createApiKey(), createApiKey('live')]) {
    t.equal(redactor.url(`/orders/${key}/x?a=${key}`), '/orders/REDACTED/x?a=REDACTED')
    t.equal(redactor.text(`no such key: ${key}, or "${key}"`), 'no such key: REDACTED, or "REDACTED"')
  }
  for (const other of ['/sp_1', '/wasp_swarm', `/sp_${'a'.repeat(40)}`]) t.equal(redactor.url(other), other)
})

t.test('what CORS says is no secret, in spite of its names', t => {
  const { header } = createRedactor()
  for (const name of ['Access-Control-Allow-Credentials', 'access-control-allow-headers', 'Access-Control-Expose-Headers', 'Access-Control-Request-Headers']) t.equal(header(name), false, name)
  for (const name of ['Access-Control-Token', 'X-Credentials', 'Allow-Credentials-Token']) t.equal(header(name), true, name)
  t.end()
})

t.test('a target of a secret name shows neither the name nor the address that it led to', async t => {
  const redactor = createRedactor([], [], ['db.secret.test:5432'])
  const targets = [
    { name: 'db.secret.test:5432', host: '10.1.2.3', port: 5432 },
    { name: 'public.test:80', host: '10.1.2.4', port: 80 }
  ]
  const [cut] = cutTargets([{ name: 'db', targets }] as unknown as Parameters<typeof cutTargets>[0], redactor)
  t.match(cut?.targets, [{ name: 'REDACTED:5432', host: 'REDACTED' }, { name: 'public.test:80', host: '10.1.2.4' }])
})
