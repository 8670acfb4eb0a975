import { RedisOptions, Type } from '../../src/plugin.ts'

const text = (title: string, description: string, example: string) => Type.String({ title, description, minLength: 1, examples: [example] })

export const Acme = Type.Object({
  account_email: Type.String({ title: 'Account e-mail', description: 'Whom the certificate authority writes to.', pattern: '^[^\\s@]+@[^\\s@]+$', examples: ['ops@example.com'] }),
  api_uri: Type.String({
    title: 'API URI',
    description: 'Directory of the certificate authority.',
    pattern: '^https://',
    default: 'https://acme-v02.api.letsencrypt.org/directory',
    examples: ['https://acme-staging-v02.api.letsencrypt.org/directory']
  }),
  tos_accepted: Type.Boolean({ title: 'Terms accepted', description: 'Whether you accept the terms of service of the certificate authority. Let\'s Encrypt asks for it.', default: false, examples: [true] }),
  eab_kid: Type.Optional(text('EAB key id', 'Key id of an external account (RFC 8555 section 7.3.4), where the authority asks for one.', 'kid-1')),
  eab_hmac_key: Type.Optional(Type.String({ title: 'EAB key', description: 'Its key, in base64url.', minLength: 1, secret: true, examples: ['{vault://env/EAB_HMAC_KEY}'] })),
  domains: Type.Array(Type.String({ minLength: 1, title: 'Domain', description: 'A host name; no wildcard.', pattern: '^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$', examples: ['api.example.com'] }), {
    title: 'Domains',
    description: 'Host names in lower case that get a certificate each, and no others.',
    minItems: 1,
    maxItems: 100,
    examples: [['api.example.com', 'shop.example.com']]
  }),
  challenge: Type.Enum(['http-01', 'tls-alpn-01'], {
    title: 'Challenge',
    description: 'How the authority sees that the names lead here: by plain http on port 80, or by a handshake on port 443.',
    default: 'http-01',
    examples: ['tls-alpn-01']
  }),
  renew_threshold_days: Type.Integer({ title: 'Renewal', description: 'Days before its end at which a certificate is renewed; for short ones a third of their time, if that is less.', minimum: 1, maximum: 60, default: 14, examples: [30] }),
  fail_backoff_minutes: Type.Integer({ title: 'Back-off', description: 'Minutes after a failed order until the next for the same name; doubled with each failure, up to a day.', minimum: 1, maximum: 1440, default: 5, examples: [15] }),
  orders_per_hour: Type.Integer({ title: 'Orders an hour', description: 'Most orders of one process in an hour, for all names together.', minimum: 1, maximum: 300, default: 20, examples: [5] }),
  preferred_chain: Type.Optional(text('Preferred chain', 'Common name of the root, where the authority offers several chains.', 'ISRG Root X1')),
  storage: Type.Enum(['file', 'redis'], {
    title: 'Storage',
    description: 'Where account, certificates and challenges are kept. `file`: in a folder that all processes of one machine share. `redis`: for any number of gateways.',
    default: 'file',
    examples: ['redis']
  }),
  folder: Type.Optional(text('Folder', 'Folder of `storage: file`, relative to gateway.yaml; made when it isn\'t there, for the gateway alone.', 'acme')),
  redis: Type.Optional(RedisOptions)
}, {
  title: 'acme',
  description: 'Gets and renews certificates from an ACME server such as Let\'s Encrypt.',
  additionalProperties: false
})
