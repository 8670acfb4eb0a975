import { Type } from '../../src/plugin.ts'

const Network = Type.String({
  title: 'Address or range',
  description: 'An address or a CIDR range, IPv4 or IPv6.',
  minLength: 1,
  examples: ['10.0.0.0/8']
})

const FileName = {
  minLength: 1,
  pattern: '^[^\\u0000]+$',
  examples: ['lists/partners.txt']
}

export const IpRestriction = Type.Object({
  allow: Type.Optional(Type.Array(Network, {
    title: 'Allow',
    description: 'Addresses and ranges that may pass; all others may not.',
    minItems: 1,
    examples: [['10.0.0.0/8', '2001:db8::/32']]
  })),
  deny: Type.Optional(Type.Array(Network, {
    title: 'Deny',
    description: 'Addresses and ranges that may not pass, whatever `allow` says.',
    minItems: 1,
    examples: [['192.0.2.66']]
  })),
  allow_file: Type.Optional(Type.String({
    ...FileName,
    title: 'Allow file',
    description: 'File with more of `allow`, one a line, read again when it changes. Its path starts at the folder of gateway.yaml.'
  })),
  deny_file: Type.Optional(Type.String({
    ...FileName,
    title: 'Deny file',
    description: 'File with more of `deny`, one a line, read again when it changes. Its path starts at the folder of gateway.yaml.',
    examples: ['lists/blocked.txt']
  })),
  status: Type.Integer({
    title: 'Status',
    description: 'Status of a refusal.',
    minimum: 400,
    maximum: 599,
    default: 403,
    examples: [404]
  }),
  message: Type.Optional(Type.String({
    title: 'Message',
    description: 'Message of a refusal; without it, `IP address not allowed: ` and the address.',
    examples: ['Not from here']
  }))
}, {
  title: 'ip-restriction',
  description: 'Lets clients pass, or refuses them, by their addresses.',
  additionalProperties: false
})
