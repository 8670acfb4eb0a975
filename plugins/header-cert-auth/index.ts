import { CERTIFICATE_FIELDS, CertificateJudge, type CheckContext, type CheckFinding, checkCertificateOptions, createAuthenticator, definePlugin, fieldOf, type GatewayError, type Identity, refusedCertificateOptions, refuse } from '../../src/plugin.ts'
import { readField } from './read-field.ts'
import { HeaderCertAuth } from './schema.ts'

export default definePlugin({
  name: 'header-cert-auth',
  // Kong's is 1009, that of json-threat-protection: just before it
  priority: 1009.5,
  schema: HeaderCertAuth,
  scopes: ['global', 'service', 'route'],
  authentication: 'method',
  credentialHeaders: config => [config.certificate_header_name],
  refuses: refusedCertificateOptions,
  // the proxy's word about who calls: services of other routes must not take a client's for it
  identityHeaders: config => [config.certificate_header_name, ...config.skip_consumer_lookup ? CERTIFICATE_FIELDS : []],
  * check (config, context: CheckContext): Generator<CheckFinding> {
    if (!config.secure_source) {
      yield { path: '/secure_source', message: 'with `false`, whoever reaches the gateway passes as whoever they like: a certificate is no secret', mend: 'Remove it, and name the proxy in `gateway.trusted_ips`.' }
    }
    yield * checkCertificateOptions(config, context)
  },
  * checkRoute (_config, { trustsProxies }): Generator<CheckFinding> {
    if (!trustsProxies) yield { path: '', message: 'there is no proxy whose word about a certificate counts, so nobody can pass', mend: 'Name the proxy in `gateway.trusted_ips`.' }
  },
  setup: (config, gateway) => CertificateJudge.create(config, gateway),
  register (scope, { config, state: judge }) {
    const { certificate_header_name: name, certificate_header_format: format } = config
    const lower = name.toLowerCase()

    const authenticate = createAuthenticator({ plugin: 'header-cert-auth', anonymous: judge.anonymous }, function verify ({ raw, gateway }): Identity | GatewayError {
      const value = gateway.trusted ? fieldOf(raw, lower) : undefined
      if (value === undefined || value === '') return refuse(401, 'No required TLS certificate was sent')
      const certificates = value === null ? null : readField(value, format)
      const fingerprint = certificates?.[0]?.fingerprint256
      if (certificates === null || fingerprint === undefined) return refuse(401, 'TLS certificate failed verification', { cause: new Error(`'${lower}' is repeated, or holds no certificate`) })
      return judge.judge({ certificates, fingerprint })
    })

    scope.addHook('onRequest', authenticate)
  },
  close: judge => judge.close()
})
