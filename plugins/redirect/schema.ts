import { Type } from '../../src/plugin.ts'

export const Redirect = Type.Object({
  location: Type.String({
    title: 'Location',
    description: 'Absolute URL, http or https.',
    pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[\\x21-\\x7e]+$',
    examples: ['https://new.example.com/docs']
  }),
  status_code: Type.Enum([300, 301, 302, 303, 307, 308], {
    title: 'Status',
    description: 'Status of the answer. 307 and 308 have clients repeat the method and the body.',
    default: 301,
    examples: [308]
  }),
  keep_incoming_path: Type.Boolean({
    title: 'Keep incoming path',
    description: 'Path and query of the request take the place of those of `location`.',
    default: false,
    examples: [true]
  })
}, {
  title: 'redirect',
  description: 'Sends clients elsewhere.',
  additionalProperties: false
})
