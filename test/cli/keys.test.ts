import t from 'tap'
import { digestApiKey, isMalformedApiKey } from '../../src/auth/api-key.ts'
import { parseExpiry } from '../../src/cli/expiry.ts'
import { runCli } from '../helpers/cli.ts'

interface Printed {
  readonly version: number
  readonly key: string
  readonly consumer: string | null
  readonly credential: { readonly hash: string, readonly scopes?: string[], readonly expires_at?: string }
}

async function create (...options: string[]): Promise<Printed> {
  const { code, stdout, stderr } = await runCli(['keys', 'create', ...options, '--format', 'json'])
  t.same([code, stderr], [0, ''])
  return JSON.parse(stdout) as Printed
}

t.test('a key without options is a key and its hash', async t => {
  const { key, ...rest } = await create()
  t.match(key, /^sp_[0-9A-Za-z]{36}$/)
  t.notOk(isMalformedApiKey(key))
  t.same(rest, { version: 1, consumer: null, credential: { hash: digestApiKey(key) } })
  t.not((await create()).key, key)
})

t.test('options go into the key and into what the file keeps', async t => {
  const before = Date.now()
  const printed = await create('--consumer', 'acme', '--scopes', 'orders:read, orders:write', '--expires', '90d', '--prefix', 'test')
  t.match(printed.key, /^sp_test_/)
  t.equal(printed.consumer, 'acme')
  t.same(printed.credential.scopes, ['orders:read', 'orders:write'])
  const end = Date.parse(printed.credential.expires_at as string) - 90 * 86_400_000
  t.ok(end >= before && end <= Date.now())
})

t.test('the text shows the key once, and YAML', async t => {
  const { stdout } = await runCli(['keys', 'create', '--consumer', 'acme: "x"', '--scopes', 'a,b', '--expires', '2999-12-31'])
  const key = /sp_\w+/.exec(stdout)?.[0] as string
  t.equal(stdout.split(key).length, 2)
  t.equal(stdout.slice(stdout.indexOf('consumers:\n')), `consumers:
  - username: "acme: \\"x\\""
    keyauth_credentials:
      - hash: ${digestApiKey(key)}
        scopes: ["a","b"]
        expires_at: "2999-12-31T00:00:00Z"
`)
  t.match((await runCli(['keys', 'create'])).stdout, /For keyauth_credentials of a consumer in gateway\.yaml:\n\n- hash: [0-9a-f]{64}\n$/)
})

t.test('what can not be meant is refused with the usage code', async t => {
  for (const [options, message] of [
    [['--scopes', 'a,,b'], /separated by commas/],
    [['--scopes', 'a b'], /separated by commas/],
    [['--expires', 'soon'], /such as 90d/],
    [['--expires', '2001-01-01'], /ended already/],
    [['--prefix', 'Live_'], /lower-case letters and digits/],
    [['--format', 'xml'], /Allowed choices/],
    [['--colour'], /unknown option/]
  ] as const) {
    const { code, stdout, stderr } = await runCli(['keys', 'create', ...options])
    t.same([code, stdout], [3, ''])
    t.match(stderr, message)
  }
})

t.test('keys alone, or with another word, is wrong usage', async t => {
  t.match(await runCli(['keys']), { code: 3, stdout: '', stderr: /create/ })
  t.match(await runCli(['keys', 'delete']), { code: 3, stdout: '' })
})

t.test('ends are periods, dates and times', async t => {
  const now = Date.UTC(2030, 0, 1, 12)
  const at = (text: string) => parseExpiry(text, now)?.toISOString() ?? null
  t.equal(at('1h'), '2030-01-01T13:00:00.000Z')
  t.equal(at('90d'), '2030-04-01T12:00:00.000Z')
  t.equal(at('2w'), '2030-01-15T12:00:00.000Z')
  t.equal(at('2030-02-28'), '2030-02-28T00:00:00.000Z')
  t.equal(at('2028-02-29'), '2028-02-29T00:00:00.000Z')
  t.equal(at('2030-01-31T10:00:00+02:00'), '2030-01-31T08:00:00.000Z')
  t.equal(at('2030-01-31T10:00:00.5Z'), '2030-01-31T10:00:00.500Z')
  for (const text of ['', '0d', '1', 'd', '1y', '-1d', '1.5d', '2030-02-30', '2030-02-29', '2030-13-01', '2030-1-1', '2030-01-01T10:00:00', '2030-01-01T25:00:00Z', '1 d']) t.equal(at(text), null, text)
})
