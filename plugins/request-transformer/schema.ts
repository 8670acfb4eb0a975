import { FieldName, FieldPair, FieldRename, HeaderName, HeaderPair, HeaderRename, Type } from '../../src/plugin.ts'

const TEMPLATE = 'Values may hold templates.'

const Remove = Type.Object({
  headers: Type.Array(HeaderName, {
    title: 'Headers to remove',
    description: 'Names of header fields, in any case.',
    default: [],
    examples: [['x-debug']]
  }),
  querystring: Type.Array(FieldName, {
    title: 'Arguments to remove',
    description: 'Names of query arguments.',
    default: [],
    examples: [['debug']]
  }),
  body: Type.Array(FieldName, {
    title: 'Body keys to remove',
    description: 'Top-level keys of a JSON body, fields of a form.',
    default: [],
    examples: [['internal']]
  })
}, {
  title: 'Remove',
  description: 'What to remove, first of all.',
  additionalProperties: false,
  default: {},
  examples: [{ headers: ['x-debug'] }]
})

const Rename = Type.Object({
  headers: Type.Array(HeaderRename, {
    title: 'Headers to rename',
    description: '`old:new` names; a field that has the new name is replaced.',
    default: [],
    examples: [['x-user:x-account']]
  }),
  querystring: Type.Array(FieldRename, {
    title: 'Arguments to rename',
    description: '`old:new` names; arguments that have the new name are replaced.',
    default: [],
    examples: [['q:query']]
  }),
  body: Type.Array(FieldRename, {
    title: 'Body keys to rename',
    description: '`old:new` names; a key that has the new name is replaced.',
    default: [],
    examples: [['user:account']]
  })
}, {
  title: 'Rename',
  description: 'What to give another name, after `remove`.',
  additionalProperties: false,
  default: {},
  examples: [{ headers: ['x-user:x-account'] }]
})

const Replace = Type.Object({
  headers: Type.Array(HeaderPair, {
    title: 'Headers to replace',
    description: `\`name:value\`; fields that the request doesn't have are left out. Host can be replaced too. ${TEMPLATE}`,
    default: [],
    examples: [['Host:internal.example.com']]
  }),
  querystring: Type.Array(FieldPair, {
    title: 'Arguments to replace',
    description: `\`name:value\`; arguments that the query doesn't have are left out. ${TEMPLATE}`,
    default: [],
    examples: [['limit:100']]
  }),
  body: Type.Array(FieldPair, {
    title: 'Body keys to replace',
    description: `\`name:value\`; keys that the body doesn't have are left out. ${TEMPLATE}`,
    default: [],
    examples: [['source:gateway']]
  }),
  uri: Type.Optional(Type.String({
    title: 'Path',
    description: 'Path of the upstream request, instead of the one that service and route give: neither the service\'s `path` nor `strip_path` has a say. The query stays. May hold templates.',
    pattern: '^(?:/|\\$\\()[^?#\\u0000-\\u001f]*$',
    examples: ['/v2/users/$(uri_captures.id)']
  }))
}, {
  title: 'Replace',
  description: 'What to give another value if it is there, after `rename`; and the path.',
  additionalProperties: false,
  default: {},
  examples: [{ headers: ['Host:internal.example.com'] }]
})

const Add = Type.Object({
  headers: Type.Array(HeaderPair, {
    title: 'Headers to add',
    description: `\`name:value\`; fields that the request has are left alone. ${TEMPLATE}`,
    default: [],
    examples: [['x-team:payments', 'x-user:$(headers[\'x-consumer-username\'] or \'nobody\')']]
  }),
  querystring: Type.Array(FieldPair, {
    title: 'Arguments to add',
    description: `\`name:value\`; arguments that the query has are left alone. ${TEMPLATE}`,
    default: [],
    examples: [['version:2']]
  }),
  body: Type.Array(FieldPair, {
    title: 'Body keys to add',
    description: `\`name:value\`; keys that the body has, with a value that is neither null nor false, are left alone. ${TEMPLATE}`,
    default: [],
    examples: [['source:gateway']]
  })
}, {
  title: 'Add',
  description: 'What to set if it isn\'t there, after `replace`.',
  additionalProperties: false,
  default: {},
  examples: [{ headers: ['x-team:payments'] }]
})

const Append = Type.Object({
  headers: Type.Array(HeaderPair, {
    title: 'Headers to append',
    description: `\`name:value\`; a field of its own, beside those that the request has. ${TEMPLATE}`,
    default: [],
    examples: [['x-hop:gateway']]
  }),
  querystring: Type.Array(FieldPair, {
    title: 'Arguments to append',
    description: `\`name:value\`; one more argument, beside those that the query has. ${TEMPLATE}`,
    default: [],
    examples: [['tag:gateway']]
  }),
  body: Type.Array(FieldPair, {
    title: 'Body values to append',
    description: `\`name:value\`; a JSON value becomes a list, a form gets one more field. Not for multipart bodies. ${TEMPLATE}`,
    default: [],
    examples: [['tags:gateway']]
  })
}, {
  title: 'Append',
  description: 'What to set beside what is there, last of all.',
  additionalProperties: false,
  default: {},
  examples: [{ headers: ['x-hop:gateway'] }]
})

export const RequestTransformer = Type.Object({
  http_method: Type.Optional(Type.String({
    title: 'Method',
    description: 'Method of the upstream request, in upper case. With GET or HEAD the fields of an urlencoded body are also added to the query.',
    pattern: '^[A-Z]+$',
    examples: ['POST']
  })),
  remove: Remove,
  rename: Rename,
  replace: Replace,
  add: Add,
  append: Append
}, {
  title: 'request-transformer',
  description: 'Changes the request on its way to the service: path, method, headers, query arguments and body.',
  additionalProperties: false
})
