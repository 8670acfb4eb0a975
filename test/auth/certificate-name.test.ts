import t from 'tap'
import type { buildConnector } from 'undici'
import { failOnWrongName } from '../../src/auth/provider/certificate-name.ts'

type Outcome = readonly [Error | null, unknown]

/** What comes of a connector that ends so. */
function through (error: Error | null, socket: unknown): Outcome[] {
  const outcomes: Outcome[] = []
  const connect = failOnWrongName(((_options: unknown, callback: (error: Error | null, socket: unknown) => void) => callback(error, socket)) as buildConnector.connector)
  connect({} as buildConnector.Options, (...outcome) => { outcomes.push(outcome) })
  return outcomes
}

t.test('the failure that undici treats in its own way gets another code, and keeps its cause', async t => {
  const cause = Object.assign(new Error('Hostname/IP does not match'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  t.match(through(cause, null), [[{ code: 'CERT_ALTNAME_INVALID', cause }, null]])
})

t.test('other failures and connections pass as they are', async t => {
  const error = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
  t.equal(through(error, null)[0]?.[0], error)
  const socket = {}
  t.strictSame(through(null, socket).map(([failure]) => failure), [null])
  t.equal(through(null, socket)[0]?.[1], socket)
})
