import { type Static, Type } from '../../src/plugin.ts'

const limit = (title: string, description: string, example: number) => Type.Integer({
  title,
  description: `${description} -1: any.`,
  minimum: -1,
  default: -1,
  examples: [example]
})

export const JsonThreatProtection = Type.Object({
  max_body_size: Type.Integer({
    title: 'Body size',
    description: 'Bytes of a body. -1: as many as `gateway.limits.request_buffer`.',
    minimum: -1,
    default: 8192,
    examples: [65_536]
  }),
  max_container_depth: limit('Depth', 'Objects and lists inside of each other; the outermost is 1.', 8),
  max_object_entry_count: limit('Members', 'Members of one object.', 100),
  max_object_entry_name_length: limit('Names', 'Characters of a member\'s name.', 64),
  max_array_element_count: limit('Items', 'Items of one list.', 1000),
  max_string_value_length: limit('Texts', 'Characters of a text.', 1000),
  allow_duplicate_object_entry_name: Type.Boolean({
    title: 'Duplicate names',
    description: 'Let a name stand twice in one object. What comes of it is another value for each parser.',
    default: true,
    examples: [false]
  }),
  allow_non_json_requests: Type.Boolean({
    title: 'Other bodies',
    description: 'Let bodies pass that are no JSON, whatever their Content-Type says.',
    default: false,
    examples: [true]
  }),
  allow_encoded_requests: Type.Boolean({
    title: 'Compressed bodies',
    description: 'With `allow_non_json_requests`: let bodies pass that have a Content-Encoding, unseen. Else they are 415.',
    default: false,
    examples: [true]
  }),
  enforcement_mode: Type.Enum(['block', 'log_only'], {
    title: 'Mode',
    description: 'Refuse what is too much, or only note it in the access log.',
    default: 'block',
    examples: ['log_only']
  }),
  error_status_code: Type.Integer({
    title: 'Status',
    description: 'Status of a refusal.',
    minimum: 400,
    maximum: 499,
    default: 400,
    examples: [422]
  }),
  error_message: Type.String({
    title: 'Message',
    description: 'Message of a refusal.',
    minLength: 1,
    default: 'Bad Request',
    examples: ['This body is too complex']
  })
}, {
  title: 'json-threat-protection',
  description: 'Refuses JSON bodies that are too deep, too wide or too long, before anything parses them.',
  additionalProperties: false
})

export type Config = Static<typeof JsonThreatProtection>
