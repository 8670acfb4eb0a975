import type { X509Certificate } from 'node:crypto'
import { CERTIFICATE_FIELDS, CertificateJudge, checkCertificateOptions, createAuthenticator, definePlugin, fingerprintOf, type GatewayError, type Identity, peerChain, refusedCertificateOptions, refuse } from '../../src/plugin.ts'
import { MtlsAuth } from './schema.ts'

interface Shown {
  readonly chain: readonly X509Certificate[]
  readonly fingerprint: string
}

export default definePlugin({
  name: 'mtls-auth',
  // Kong's: before all credentials that a request brings itself
  priority: 1600,
  schema: MtlsAuth,
  scopes: ['global', 'service', 'route'],
  authentication: 'method',
  refuses: refusedCertificateOptions,
  identityHeaders: config => config.skip_consumer_lookup ? CERTIFICATE_FIELDS : [],
  check: checkCertificateOptions,
  setup: (config, gateway) => CertificateJudge.create(config, gateway),
  register (scope, { state: judge }) {
    // what a connection has shown stays what it is, and asking again would cost each request a hash and objects for the chain
    const known = new WeakMap<object, Shown>()

    scope.addHook('onRequest', createAuthenticator({ plugin: 'mtls-auth', anonymous: judge.anonymous }, function mtlsAuth ({ raw: { socket } }): Identity | GatewayError {
      const before = known.get(socket)
      if (before !== undefined) return judge.judge(before.chain, before.fingerprint)
      const chain = peerChain(socket)
      if (chain === null) return refuse(401, 'No required TLS certificate was sent')
      const fingerprint = fingerprintOf(chain)
      known.set(socket, { chain, fingerprint })
      return judge.judge(chain, fingerprint)
    }))
  },
  close: judge => judge.close()
})
