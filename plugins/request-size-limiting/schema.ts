import { type Static, Type } from '../../src/plugin.ts'

export const RequestSizeLimiting = Type.Object({
  allowed_payload_size: Type.Integer({
    title: 'Size',
    description: 'Largest request body, in `size_unit`; 0 allows empty ones alone.',
    minimum: 0,
    default: 128,
    examples: [8]
  }),
  size_unit: Type.Enum(['megabytes', 'kilobytes', 'bytes'], {
    title: 'Unit',
    description: 'Unit of the size: 1,048,576, 1,024 or 1 bytes.',
    default: 'megabytes',
    examples: ['kilobytes']
  }),
  require_content_length: Type.Boolean({
    title: 'Require Content-Length',
    description: 'Refuse a request that has neither `Content-Length` nor a chunked body with 411: as in Kong, also a GET without a body.',
    default: false,
    examples: [true]
  })
}, {
  title: 'request-size-limiting',
  description: 'Refuses request bodies that are too large, at their first byte too many.',
  additionalProperties: false
})

export type Config = Static<typeof RequestSizeLimiting>
