import { CERTIFICATE_FIELDS, CertificateJudge, type CheckFinding, checkCertificateOptions, createAuthenticator, definePlugin, type GatewayError, type Identity, peerChain, refusedCertificateOptions, refuse } from '../../src/plugin.ts'
import { MtlsAuth } from './schema.ts'

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
  * checkRoute (_config, { asksForCertificates }): Generator<CheckFinding> {
    if (!asksForCertificates) yield { path: '', message: 'no listener asks for certificates, so nobody can show one', mend: 'Write `tls: true` and `client_certificate: request` at an address of `gateway.listen`.' }
  },
  setup: (config, gateway) => CertificateJudge.create(config, gateway),
  register (scope, { state: judge }) {
    scope.addHook('onRequest', createAuthenticator({ plugin: 'mtls-auth', anonymous: judge.anonymous }, function mtlsAuth ({ raw: { socket } }): Identity | GatewayError {
      const chain = peerChain(socket)
      return chain === null ? refuse(401, 'No required TLS certificate was sent') : judge.judge(chain)
    }))
  },
  close: judge => judge.close()
})
