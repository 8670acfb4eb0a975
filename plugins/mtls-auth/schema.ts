import { AnonymousConsumer, certificateOptions, Type } from '../../src/plugin.ts'

export const MtlsAuth = Type.Object({
  ...certificateOptions,
  anonymous: AnonymousConsumer
}, {
  title: 'mtls-auth',
  description: 'Asks for the certificate of a client.',
  additionalProperties: false
})
