import { Type } from 'typebox'
import { closed, common, reference } from './common.ts'
import { Healthchecks } from './healthchecks.ts'

const TOKEN = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"

export const ALGORITHMS = ['round-robin', 'consistent-hashing', 'least-connections', 'latency', 'sticky-sessions'] as const

const HASH_INPUTS = ['none', 'consumer', 'ip', 'header', 'cookie', 'path', 'query_arg', 'uri_capture'] as const

function headerName (description: string) {
  return Type.Optional(Type.String({ pattern: TOKEN, title: 'header name', description, examples: ['X-Tenant'] }))
}

function cookieName (description: string) {
  return Type.Optional(Type.String({ pattern: TOKEN, title: 'cookie name', description, examples: ['session'] }))
}

function cookiePath (description: string) {
  return Type.Optional(Type.String({ pattern: '^/[^;,\\u0000-\\u0020\\u007F-\\u{10FFFF}]*$', title: 'cookie path', default: '/', description, examples: ['/shop'] }))
}

function text (description: string) {
  return Type.Optional(Type.String({ minLength: 1, description }))
}

/** Several addresses that serve the same: a service whose host is its name is sent to one of its targets. */
export const Upstream = closed({
  ...common,
  name: Type.String({
    minLength: 1,
    description: 'Unique name, in the form of a host name without port. Services refer to it by their `host`.',
    examples: ['users']
  }),
  algorithm: Type.Optional(Type.Enum([...ALGORITHMS], {
    default: 'round-robin',
    description: 'How a target is chosen. `hash_on` makes it `consistent-hashing`.'
  })),
  // no default: Kong tells "none" from "not set"
  hash_on: Type.Optional(Type.Enum([...HASH_INPUTS], { description: 'What requests are told apart by: equal ones go to one target. Default none.' })),
  hash_fallback: Type.Optional(Type.Enum([...HASH_INPUTS], { default: 'none', description: 'What they are told apart by where a request has nothing for `hash_on`.' })),
  hash_on_header: headerName('Header field for `hash_on: header`.'),
  hash_fallback_header: headerName('Header field for `hash_fallback: header`.'),
  hash_on_cookie: cookieName('Cookie for `cookie`; a client without it gets one.'),
  hash_on_cookie_path: cookiePath('Path of that cookie.'),
  hash_on_query_arg: text('Argument of the query for `hash_on: query_arg`.'),
  hash_fallback_query_arg: text('Argument of the query for `hash_fallback: query_arg`.'),
  hash_on_uri_capture: text('Named capture of the route\'s regex for `hash_on: uri_capture`.'),
  hash_fallback_uri_capture: text('Named capture of the route\'s regex for `hash_fallback: uri_capture`.'),
  slots: Type.Optional(Type.Integer({ minimum: 10, maximum: 65536, default: 10000, description: 'Size of Kong\'s ring. Accepted, and without effect: shares are exact without a ring.' })),
  sticky_sessions_cookie: cookieName('Cookie of `sticky-sessions`; what it holds does not tell the address.'),
  sticky_sessions_cookie_path: cookiePath('Path of that cookie.'),
  slow_start: Type.Optional(Type.Integer({
    minimum: 0,
    maximum: 2147483646,
    default: 0,
    description: 'How long a new target, or one that is back, takes to its full share, in milliseconds; 0: it has it at once. Not with `consistent-hashing`.'
  })),
  host_header: Type.Optional(Type.String({ minLength: 1, description: 'Host field towards the targets, with port where it is needed; https verifies this name.', examples: ['users.example.com'] })),
  healthchecks: Type.Optional(Healthchecks),
  client_certificate: reference('certificate', 'name'),
  use_srv_name: Type.Optional(Type.Boolean({ default: false, description: 'Whether Host is the name that the SRV record gives.' }))
}, { description: 'Several addresses that serve the same.' })
