import { HeaderName, HeaderPair, Type } from '../../src/plugin.ts'

const Printable = '^[\\x20-\\x7e]+$'

const Hsts = Type.Object({
  enabled: Type.Boolean({
    title: 'Enabled',
    description: 'Whether it is sent at all.',
    default: true,
    examples: [false]
  }),
  max_age: Type.Integer({
    title: 'Max age',
    description: 'Seconds for which browsers use https alone; 0 makes them forget it.',
    minimum: 0,
    default: 31536000,
    examples: [63072000]
  }),
  include_subdomains: Type.Boolean({
    title: 'Include subdomains',
    description: 'Whether it holds for all names below this one.',
    default: true,
    examples: [false]
  }),
  preload: Type.Boolean({
    title: 'Preload',
    description: 'Consent to the lists that browsers are shipped with; hard to take back.',
    default: false,
    examples: [true]
  })
}, {
  title: 'Strict-Transport-Security',
  description: 'Has browsers use https alone. Sent on https only, as RFC 6797 wants it.',
  additionalProperties: false,
  default: {},
  examples: [{ max_age: 63072000, preload: true }]
})

export const SecurityHeaders = Type.Object({
  preset: Type.Enum(['api', 'web', 'none'], {
    title: 'Preset',
    description: '`api`: for answers that are data; nothing in them may load, run or be framed. `web`: for pages, the set of helmet. `none`: only what the other options say.',
    default: 'api',
    examples: ['web']
  }),
  hsts: Hsts,
  content_security_policy: Type.Optional(Type.String({
    title: 'Content-Security-Policy',
    description: 'In place of the preset\'s.',
    pattern: Printable,
    examples: ["default-src 'self'"]
  })),
  frame_options: Type.Optional(Type.Enum(['DENY', 'SAMEORIGIN'], {
    title: 'X-Frame-Options',
    description: 'In place of the preset\'s.',
    examples: ['DENY']
  })),
  referrer_policy: Type.Optional(Type.Enum([
    'no-referrer', 'no-referrer-when-downgrade', 'same-origin', 'origin', 'strict-origin', 'origin-when-cross-origin',
    'strict-origin-when-cross-origin', 'unsafe-url'
  ], {
    title: 'Referrer-Policy',
    description: 'In place of the preset\'s.',
    examples: ['strict-origin-when-cross-origin']
  })),
  permissions_policy: Type.Optional(Type.String({
    title: 'Permissions-Policy',
    description: 'What pages may use of the device. No preset has it.',
    pattern: Printable,
    examples: ['geolocation=(), camera=()']
  })),
  headers: Type.Array(HeaderPair, {
    title: 'Headers',
    description: '`name:value` of further fields, and of any that is to have another value.',
    default: [],
    examples: [['Cross-Origin-Resource-Policy: cross-origin']]
  }),
  without: Type.Array(HeaderName, {
    title: 'Without',
    description: 'Fields of the preset that aren\'t sent.',
    default: [],
    examples: [['X-Frame-Options']]
  }),
  remove: Type.Array(HeaderName, {
    title: 'Remove',
    description: 'Fields of answers that tell strangers what runs here; also removed where the gateway itself would send them.',
    default: ['Server', 'X-Powered-By'],
    examples: [['Server', 'X-Powered-By', 'X-AspNet-Version']]
  }),
  upstream_values: Type.Enum(['keep', 'override'], {
    title: 'Upstream values',
    description: 'What becomes of fields of the same name that the service sends: `keep` leaves them, `override` puts these in their place.',
    default: 'keep',
    examples: ['override']
  })
}, {
  title: 'security-headers',
  description: 'Puts the security headers of browsers on every answer, and takes away those that tell what software runs.',
  additionalProperties: false
})
