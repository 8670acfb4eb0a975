import { retryOptions, type Static, Type } from '../../src/plugin.ts'

export const Retry = Type.Object({
  retries: Type.Optional(Type.Integer({
    title: 'Retries',
    description: 'Further tries after the first, in place of the service\'s `retries`; 0: none.',
    minimum: 0,
    maximum: 32767,
    examples: [2]
  })),
  ...retryOptions
}, {
  title: 'retry',
  description: 'When the service is asked again, for some of its requests: in place of what the service says about it.',
  additionalProperties: false
})

export type Config = Static<typeof Retry>
