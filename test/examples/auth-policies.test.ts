/** The route policies of an Express application, as a file: each request of the table gets what it got there. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import t from 'tap'
import { packageRoot } from '../helpers/package-root.ts'
import { ask, upstream } from '../helpers/running.ts'
import { serveFile } from '../helpers/serve-file.ts'

const API_KEY = 'a-key-of-the-reporting-job-0123456789'

t.test('the example decides as the code did', async t => {
  const pair = await generateKeyPair('ES256', { extractable: true })
  const service = await upstream(t, (request, response) => response.end(JSON.stringify(request.headers)))
  const text = readFileSync(join(packageRoot, 'examples/auth-policies.yaml'), 'utf8')
  const here: ReadonlyArray<readonly [RegExp, string]> = [
    [/^_format_version.*\n/m, ''],
    [/http:\/\/127\.0\.0\.1:3000/, `http://127.0.0.1:${service}`],
    [/jwks_uri: .*/, `jwks: ${JSON.stringify({ keys: [{ ...await exportJWK(pair.publicKey), alg: 'ES256', use: 'sig' }] })}`],
    [/hash: .*/, `hash: ${createHash('sha256').update(API_KEY).digest('hex')}`]
  ]
  for (const [part] of here) t.match(text, part)
  const { port } = await serveFile(t, here.reduce((yaml, [part, value]) => yaml.replace(part, value), text))

  const sign = async (claims: object): Promise<Record<string, string>> => ({
    authorization: `Bearer ${await new SignJWT({ iss: 'https://auth.yourapp.com', aud: 'api', sub: 'ada', email: 'ada@example.com', ...claims }).setProtectedHeader({ alg: 'ES256' }).setExpirationTime('5m').sign(pair.privateKey)}`
  })
  const nobody = {}
  const user = await sign({ role: 'user' })
  const admin = await sign({ role: 'admin' })
  const other = await sign({ aud: 'another-api' })
  const key = { 'x-api-key': API_KEY }
  const wrongKey = { 'x-api-key': `${API_KEY}x` }

  const table: ReadonlyArray<readonly [path: string, who: Record<string, string>, status: number]> = [
    ['/health', nobody, 200],
    ['/health', other, 200],
    ['/healthy', nobody, 401],
    ['/api/public/x', nobody, 200],
    ['/api/public/../admin/x', nobody, 401],
    ['/api/public/%2e%2e/admin/x', user, 403],
    ['/api/admin/x', nobody, 401],
    ['/api/admin/x', user, 403],
    ['/api/admin/x', admin, 200],
    ['/api/admin/x', key, 401],
    ['/api/admin/x', { ...user, ...key }, 403],
    ['/api/v1/x', nobody, 401],
    ['/api/v1/x', user, 200],
    ['/api/v1/x', key, 200],
    [`/api/v1/x?api_key=${API_KEY}`, nobody, 200],
    ['/api/v1/x', wrongKey, 401],
    ['/api/v1/x', { ...other, ...key }, 200],
    ['/api/v1/x', other, 401],
    ['/anything', nobody, 401],
    ['/anything', key, 401],
    ['/anything', user, 200]
  ]
  for (const [path, headers, status] of table) {
    t.equal((await ask(port, path, { headers })).status, status, `${path} with ${Object.keys(headers).join(' and ') || 'nothing'}`)
  }

  const known = JSON.parse((await ask(port, '/anything', { headers: { ...admin, 'x-user-role': 'forged' } })).text) as Record<string, string>
  t.match(known, { 'x-user-id': 'ada', 'x-user-role': 'admin', 'x-user-email': 'ada@example.com' })
  t.equal(known['authorization'], undefined)
  const program = JSON.parse((await ask(port, '/api/v1/x', { headers: { ...key, 'x-user-id': 'forged' } })).text) as Record<string, string>
  t.equal(program['x-consumer-username'], 'reporting')
  t.equal(program['x-api-key'], undefined)
  t.equal(program['x-user-id'], undefined)
  const asked = await ask(port, '/api/v1/x')
  t.match(asked.headers['www-authenticate'], /^Bearer.*, Key/)
})
