import t from 'tap'
import { BearerError } from '../../../src/auth/bearer-error.ts'
import { KnownHeaders, MAX_TOKEN_LENGTH, parseToken } from '../../../src/auth/jwt/token.ts'
import { encode } from '../../helpers/jwt.ts'

const HEADER = encode({ alg: 'RS256', kid: 'one' })
const CLAIMS = encode({ sub: 'ann' })
const SIGNATURE = 'c2lnbmF0dXJl'

function problem (text: string): string {
  const result = parseToken(text, new KnownHeaders())
  return result instanceof BearerError ? `${result.status} ${result.error} ${result.message}` : 'taken'
}

function withHeader (header: unknown): string {
  return `${encode(header)}.${CLAIMS}.${SIGNATURE}`
}

t.test('a well-formed token is taken apart', async t => {
  const token = parseToken(`${HEADER}.${CLAIMS}.${SIGNATURE}`, new KnownHeaders())
  t.match(token, { header: { alg: 'RS256', kid: 'one' }, claims: { sub: 'ann' } })
  t.notOk(token instanceof BearerError)
  if (token instanceof BearerError) return
  t.equal(token.signed.toString(), `${HEADER}.${CLAIMS}`)
  t.equal(token.signature.toString(), 'signature')
})

t.test('what is no token is refused in Kong\'s words', async t => {
  const cases: Array<[text: string, message: string]> = [
    ['', 'invalid JSON'],
    ['abc', 'invalid JSON'],
    [`${HEADER}.${CLAIMS}`, 'invalid JSON'],
    ['..', 'invalid JSON'],
    [`${HEADER}..${SIGNATURE}`, 'invalid JSON'],
    [`.${CLAIMS}.${SIGNATURE}`, 'invalid JSON'],
    [`${encode('no json')}.${CLAIMS}.${SIGNATURE}`, 'invalid JSON'],
    [`${HEADER}.${encode('null')}.${SIGNATURE}`, 'invalid JSON'],
    [`${HEADER}.${encode([1])}.${SIGNATURE}`, 'invalid JSON'],
    [`${HEADER}=.${CLAIMS}.${SIGNATURE}`, 'invalid JSON'],
    [`${HEADER} .${CLAIMS}.${SIGNATURE}`, 'invalid JSON'],
    [`${encode('{"alg":"none","alg":"RS256"}')}.${CLAIMS}.${SIGNATURE}`, 'invalid JSON'],
    [`${HEADER}.${encode('{"sub":"ann","sub":"admin"}')}.${SIGNATURE}`, 'invalid JSON'],
    [`${HEADER}.${encode('{"a":{"b":1,"b":2}}')}.${SIGNATURE}`, 'invalid JSON'],
    [withHeader({}), 'invalid alg'],
    [withHeader({ alg: 'none' }), 'invalid alg'],
    [`${encode({ alg: 'none' })}.${CLAIMS}.`, 'invalid alg'],
    [withHeader({ alg: 'NonE' }), 'invalid alg'],
    [withHeader({ alg: ['RS256'] }), 'invalid alg'],
    [withHeader({ alg: null }), 'invalid alg'],
    [withHeader({ alg: 'RSA-OAEP', enc: 'A256GCM' }), 'invalid alg'],
    [withHeader({ alg: 'RS256', crit: ['exp'], exp: 1 }), 'unsupported crit'],
    [withHeader({ alg: 'RS256', crit: [] }), 'unsupported crit'],
    [withHeader({ alg: 'RS256', b64: false, crit: ['b64'] }), 'unsupported crit'],
    [withHeader({ alg: 'RS256', b64: true }), 'unsupported crit'],
    [withHeader({ alg: 'RS256', kid: 5 }), 'invalid kid'],
    [withHeader({ alg: 'RS256', kid: null }), 'invalid kid'],
    [`${HEADER}.${CLAIMS}.`, 'invalid signature'],
    [`${HEADER}.${CLAIMS}.A`, 'invalid signature'],
    [`${HEADER}.${CLAIMS}.${SIGNATURE}==`, 'invalid signature'],
    [`${HEADER}.${CLAIMS}.+/${SIGNATURE}`, 'invalid signature'],
    [`${HEADER}.${CLAIMS}.${SIGNATURE}.x`, 'invalid signature'],
    [`${HEADER}.${CLAIMS}.\u0130${SIGNATURE}AAA`, 'invalid signature'],
    [`${HEADER}.${CLAIMS}.${'A'.repeat(MAX_TOKEN_LENGTH)}`, 'too long']
  ]
  for (const [text, message] of cases) t.equal(problem(text), `401 invalid_token Bad token; ${message}`, text.slice(0, 80))
})

t.test('a compact JWE has five parts and no algorithm of a signature', async t => {
  t.equal(problem(`${encode({ alg: 'dir', enc: 'A128GCM' })}..iv.text.tag`), '401 invalid_token Bad token; invalid JSON')
  t.equal(problem(`${encode({ alg: 'dir', enc: 'A128GCM' })}.${CLAIMS}.iv.text.tag`), '401 invalid_token Bad token; invalid alg')
})

t.test('the longest token is exactly as long as said', async t => {
  const rest = `${HEADER}.${CLAIMS}.`
  const fill = (MAX_TOKEN_LENGTH - rest.length) >> 2 << 2
  t.equal(problem(rest + 'A'.repeat(fill)), 'taken')
})

t.test('known headers are few and short', async t => {
  const known = new KnownHeaders()
  const long = `${'x'.repeat(513)}.`
  known.add(long, { alg: 'RS256' })
  t.equal(known.get('x'.repeat(513)), undefined)
  const header = { alg: 'RS256' } as const
  known.add('0.1.2', header)
  t.equal(known.get('0'), header)
  for (let index = 1; index < 64; index++) known.add(`${index}.`, { alg: 'RS256' })
  t.equal(known.get('0'), header)
  const last = { alg: 'ES256' } as const
  known.add('one more.', last)
  t.equal(known.get('0'), undefined)
  t.equal(known.get('one more'), last)
})
