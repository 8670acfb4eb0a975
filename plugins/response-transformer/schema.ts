import { FieldName, FieldPair, FieldRename, HeaderName, HeaderPair, HeaderRename, Type } from '../../src/plugin.ts'

const JsonType = Type.Enum(['boolean', 'number', 'string'], {
  title: 'Type',
  description: 'JSON type of a value.',
  examples: ['number']
})

const JsonTypes = Type.Array(JsonType, {
  title: 'JSON types',
  description: 'Types of the values of `json`, one for each in the same order. Without it all are strings.',
  default: [],
  examples: [['number', 'boolean']]
})

const Remove = Type.Object({
  headers: Type.Array(HeaderName, {
    title: 'Headers to remove',
    description: 'Names of header fields, in any case.',
    default: [],
    examples: [['x-powered-by']]
  }),
  json: Type.Array(FieldName, {
    title: 'JSON keys to remove',
    description: 'Top-level keys of a JSON body.',
    default: [],
    examples: [['internal']]
  })
}, {
  title: 'Remove',
  description: 'What to remove, first of all.',
  additionalProperties: false,
  default: {},
  examples: [{ headers: ['x-powered-by'] }]
})

const Rename = Type.Object({
  headers: Type.Array(HeaderRename, {
    title: 'Headers to rename',
    description: '`old:new` names; a field that has the new name is replaced.',
    default: [],
    examples: [['x-cost:x-price']]
  }),
  json: Type.Array(FieldRename, {
    title: 'JSON keys to rename',
    description: '`old:new` names; a key that has the new name is replaced.',
    default: [],
    examples: [['user:account']]
  })
}, {
  title: 'Rename',
  description: 'What to give another name, after `remove`.',
  additionalProperties: false,
  default: {},
  examples: [{ headers: ['x-cost:x-price'] }]
})

const Replace = Type.Object({
  headers: Type.Array(HeaderPair, {
    title: 'Headers to replace',
    description: '`name:value`; fields that the answer doesn\'t have are left out.',
    default: [],
    examples: [['server:shop']]
  }),
  json: Type.Array(FieldPair, {
    title: 'JSON keys to replace',
    description: '`name:value`; keys that the body doesn\'t have are left out.',
    default: [],
    examples: [['source:gateway']]
  }),
  json_types: JsonTypes
}, {
  title: 'Replace',
  description: 'What to give another value if it is there, after `rename`.',
  additionalProperties: false,
  default: {},
  examples: [{ headers: ['server:shop'] }]
})

const Add = Type.Object({
  headers: Type.Array(HeaderPair, {
    title: 'Headers to add',
    description: '`name:value`; fields that the answer has are left alone.',
    default: [],
    examples: [['x-served-by:shop']]
  }),
  json: Type.Array(FieldPair, {
    title: 'JSON keys to add',
    description: '`name:value`; keys that the body has, with a value that is neither null nor false, are left alone.',
    default: [],
    examples: [['source:gateway']]
  }),
  json_types: JsonTypes
}, {
  title: 'Add',
  description: 'What to set if it isn\'t there, after `replace`.',
  additionalProperties: false,
  default: {},
  examples: [{ headers: ['x-served-by:shop'] }]
})

const Append = Type.Object({
  headers: Type.Array(HeaderPair, {
    title: 'Headers to append',
    description: '`name:value`; a field of its own, beside those that the answer has.',
    default: [],
    examples: [['cache-control:no-transform']]
  }),
  json: Type.Array(FieldPair, {
    title: 'JSON values to append',
    description: '`name:value`; what stands there becomes a list.',
    default: [],
    examples: [['tags:gateway']]
  }),
  json_types: JsonTypes
}, {
  title: 'Append',
  description: 'What to set beside what is there, last of all.',
  additionalProperties: false,
  default: {},
  examples: [{ headers: ['cache-control:no-transform'] }]
})

export const ResponseTransformer = Type.Object({
  remove: Remove,
  rename: Rename,
  replace: Replace,
  add: Add,
  append: Append
}, {
  title: 'response-transformer',
  description: 'Changes the answer on its way to the client: headers and JSON bodies, also of errors and of answers that other plugins give.',
  additionalProperties: false
})
