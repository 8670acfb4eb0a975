import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rs256Tokens } from '../lib/tokens.js'
import haproxy from './haproxy.js'

/** HAProxy with its own `jwt_verify`: the signature, issuer and audience of every token; nothing is remembered. */
export default {
  ...haproxy,
  name: 'haproxy+jwt',
  field: () => ({ name: 'authorization', values: rs256Tokens().tokens.map(token => `Bearer ${token}`) }),
  manyValues: true,
  refuses: true,
  program ({ port, upstream, dir }) {
    const key = join(dir, 'key.pem')
    writeFileSync(key, rs256Tokens().publicKey)
    return haproxy.program({
      port,
      upstream,
      dir,
      rules: `
  http-request set-var(txn.bearer) http_auth_bearer
  http-request set-var(txn.alg) var(txn.bearer),jwt_header_query('$.alg')
  http-request deny deny_status 401 unless { var(txn.alg) -m str RS256 }
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_payload_query('$.iss') -m str https://auth.example.com/ }
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_payload_query('$.aud') -m str api }
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_verify(txn.alg,"${key}") 1 }
  http-request set-header X-User-ID %[var(txn.bearer),jwt_payload_query('$.sub')]`
    })
  },
  adds: { upstream: ['x-user-id'] }
}
