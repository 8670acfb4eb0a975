import { type Static, Type } from '../../src/plugin.ts'

export const AuditLog = Type.Object({
  path: Type.String({
    title: 'Path',
    description: 'File that records are appended to; a relative one starts at the folder of gateway.yaml.',
    minLength: 1,
    examples: ['/var/log/sallyport/audit.log']
  }),
  secret: Type.Optional(Type.String({
    title: 'Secret',
    description: 'Makes the hashes HMACs, so that who can write the file can\'t write the chain anew.',
    minLength: 16,
    secret: true,
    examples: ['{vault://env/audit-secret}']
  })),
  methods: Type.Array(Type.String({ title: 'Method', description: 'A method, in capitals.', pattern: '^[A-Z]+$', examples: ['DELETE'] }), {
    title: 'Methods',
    description: 'Requests with these methods are recorded; an empty list: all.',
    uniqueItems: true,
    default: [],
    examples: [['POST', 'PUT', 'PATCH', 'DELETE']]
  })
}, {
  title: 'audit-log',
  description: 'Records who did what, when, with what outcome, in a file whose records are chained by hashes, so that a changed one shows.',
  additionalProperties: false
})

export type Config = Static<typeof AuditLog>
