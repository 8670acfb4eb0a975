import { Type } from 'typebox'

/**
 * `name:value` items: Kong's way to write an ordered set of changes. The schemas say what may be written, so that editors
 * and `check` refuse the rest; `splitPair` reads it.
 */

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"

/** A header field's name (RFC 9110 section 5.1). */
export const HeaderName = Type.String({
  title: 'Header name',
  description: 'Name of a header field, in any case.',
  pattern: `^${TOKEN}$`,
  examples: ['x-team']
})

/** `name:value` of a header field; the value may be empty, never CR, LF or NUL. */
export const HeaderPair = Type.String({
  title: 'Header name and value',
  description: '`name:value`, split at the first colon.',
  pattern: `^${TOKEN}:[^\\r\\n\\u0000]*$`,
  examples: ['x-team:payments']
})

/** `old:new`, both names of header fields. */
export const HeaderRename = Type.String({
  title: 'Old and new header name',
  description: '`old:new`.',
  pattern: `^${TOKEN}:${TOKEN}$`,
  examples: ['x-team:x-group']
})

/** Name of an argument or of a key of the body. */
export const FieldName = Type.String({
  title: 'Name',
  description: 'Exact name, case matters.',
  minLength: 1,
  examples: ['page']
})

/** `name:value` of an argument or of a key of the body. */
export const FieldPair = Type.String({
  title: 'Name and value',
  description: '`name:value`, split at the first colon; the value is kept as written, leading blanks included.',
  pattern: '^[^:]+:[\\s\\S]+$',
  examples: ['page:1']
})

/** `old:new`, names of arguments or of keys of the body. */
export const FieldRename = Type.String({
  title: 'Old and new name',
  description: '`old:new`, split at the first colon.',
  pattern: '^[^:]+:[\\s\\S]+$',
  examples: ['page:p']
})

/** Splits at the first colon. */
export function splitPair (pair: string): [name: string, value: string] {
  const colon = pair.indexOf(':')
  return colon === -1 ? [pair, ''] : [pair.slice(0, colon), pair.slice(colon + 1)]
}

/** Connection-specific fields (RFC 9110 section 7.6.1) and those that frame the message: each hop's own business. */
const HOP_FIELDS = new Set([
  'connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'http2-settings',
  'content-length', 'expect'
])

/** Whether the engine alone may write this field, because a wrong one lets two messages be read out of one. */
export function isHopField (name: string): boolean {
  return HOP_FIELDS.has(name.toLowerCase())
}
