import { isUtf8 } from 'node:buffer'
import { unescapeArgument } from '../plugin-kit/bytes.ts'

/** How a parameter is written (OpenAPI 3.1 section 4.8.12.3). */
export type Style = 'simple' | 'label' | 'matrix' | 'form' | 'spaceDelimited' | 'pipeDelimited' | 'deepObject'

export type Structure = 'scalar' | 'array' | 'object'

/** Texts of a parameter: still escaped, so that a separator is told from one that is part of a value. */
export type Texts = string | string[] | Array<readonly [name: string, text: string]>

/** The text that an escaped one stands for; null: a broken triplet, or not UTF-8: gateway and service could read it each in its own way. */
export function unescapeText (escaped: string, plus: boolean): string | null {
  if (!/[^\x21-\x24\x26-\x2a\x2c-\x7e]/.test(escaped)) return escaped
  if (/%(?![\da-f]{2})/i.test(escaped)) return null
  const bytes = Buffer.from(unescapeArgument(plus ? escaped : escaped.replaceAll('+', '%2B')), 'latin1')
  return isUtf8(bytes) ? bytes.toString() : null
}

/**
 * Cuts one written parameter by its style.
 *
 * @returns null where it isn't written in this style
 */
export function cut (written: string, name: string, style: Style, explode: boolean, structure: Structure): Texts | null {
  switch (style) {
    case 'label':
      return written.startsWith('.') ? cutBy(written.slice(1), explode ? '.' : ',', explode, structure) : null
    case 'matrix':
      return written.startsWith(';') ? cutMatrix(written.slice(1), name, explode, structure) : null
    case 'spaceDelimited':
      return cutBy(written, /%20|\+| /, false, structure)
    case 'pipeDelimited':
      return cutBy(written, /%7c|\|/i, false, structure)
    default:
      return cutBy(written, ',', explode, structure)
  }
}

function cutBy (text: string, separator: string | RegExp, explode: boolean, structure: Structure): Texts | null {
  if (structure === 'scalar') return text
  const pieces = text.split(separator)
  if (structure === 'array') return pieces
  return explode ? pairsOf(pieces) : alternating(pieces)
}

function cutMatrix (text: string, name: string, explode: boolean, structure: Structure): Texts | null {
  const pairs = pairsOf(text.split(';'))
  if (pairs === null) return null
  if (explode && structure === 'object') return pairs
  if (pairs.some(([own]) => own !== name)) return null
  if (explode && structure === 'array') return pairs.map(([, value]) => value)
  return pairs.length === 1 ? cutBy((pairs[0] as [string, string])[1], ',', false, structure) : null
}

/** `name=value` each. */
function pairsOf (pieces: readonly string[]): Array<[string, string]> | null {
  const pairs = pieces.map(piece => {
    const equals = piece.indexOf('=')
    return equals === -1 ? null : [piece.slice(0, equals), piece.slice(equals + 1)] as [string, string]
  })
  return pairs.includes(null) ? null : pairs as Array<[string, string]>
}

/** `name,value,name,value`. */
function alternating (pieces: readonly string[]): Array<[string, string]> | null {
  if (pieces.length % 2 !== 0) return null
  return Array.from({ length: pieces.length / 2 }, (_, index) => [pieces[2 * index] as string, pieces[2 * index + 1] as string])
}
