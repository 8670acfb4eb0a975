import { STATUS_CODES } from 'node:http'
import type { ErrorObject } from 'ajv'
import { GatewayError } from '../errors.ts'
import type { Validator } from './schema-set.ts'
import { shorten, type Part, type Violation } from './violation.ts'

/** Values up to which all that is wrong with a text is looked for: ajv's list grows with the text, and so does its time. */
const MOST_VALUES = 1000

/**
 * Holds a value against its schema.
 *
 * @param values how many there are in it, itself included
 * @param most violations that are wanted
 * @returns null when nothing is wrong
 */
export function violations (validator: Validator, value: unknown, values: number, part: Part, name: string | undefined, most: number): Violation[] | null {
  const { quick, thorough } = validator
  if (quick(value)) return null
  const first = quick.errors ?? []
  if (most > 1 && values <= MOST_VALUES) thorough(value)
  const all = most > 1 && values <= MOST_VALUES ? thorough.errors ?? first : first
  const found = all.slice(0, most).map(error => describe(error, part, name))
  // nothing of a client's body stays behind
  quick.errors = thorough.errors = null
  return found
}

function describe ({ instancePath, keyword, message = 'is not valid', params }: ErrorObject, part: Part, name: string | undefined): Violation {
  const extra: unknown = params['additionalProperty'] ?? params['unevaluatedProperty'] ?? params['propertyName']
  const text = typeof extra === 'string' ? `${message}: '${shorten(extra)}'` : message
  return {
    in: part,
    ...name === undefined ? {} : { name },
    ...name === undefined || instancePath !== '' ? { pointer: `#${encodeURI(shorten(instancePath).replace(/\p{Surrogate}/gu, '\ufffd'))}` } : {},
    keyword,
    message: shorten(text)
  }
}

/**
 * The refusal of a request, as Problem Details (RFC 9457) beside the gateway's own members.
 *
 * @param found what to tell; empty: nothing more than the message
 */
export function invalidRequest (status: number, message: string, found: readonly Violation[]): GatewayError {
  return new GatewayError('SP_REQUEST_INVALID', status, message, {
    headers: { 'content-type': 'application/problem+json' },
    body: {
      type: 'about:blank',
      title: STATUS_CODES[status] ?? 'Bad Request',
      status,
      detail: message,
      ...found.length === 0 ? {} : { errors: found }
    }
  })
}
