import { isUtf8 } from 'node:buffer'
import type { FastifyRequest } from 'fastify'
import { HeaderList } from '../proxy/fields/header-list.ts'
import { toText } from '../plugin-kit/bytes.ts'
import { violations } from './errors.ts'
import { createJsonReader } from './json-reader.ts'
import type { JsonLimits } from './json-scanner.ts'
import type { Schema, SchemaSet, Validator } from './schema-set.ts'
import { shapeOf, typed, valueOf, type Shape } from './shape.ts'
import { cut, type Structure, type Style, type Texts, unescapeText } from './styles.ts'
import type { Part, Violation } from './violation.ts'

export type ParameterPlace = Exclude<Part, 'body'>

export interface Parameter {
  readonly in: ParameterPlace
  readonly name: string
  readonly required: boolean
  /** Default: that of its place. */
  readonly style?: Style | undefined
  readonly explode?: boolean | undefined
  /** null: it only has to be there. */
  readonly schema: Schema | null
  /** Its text is JSON. */
  readonly json?: boolean
}

const STYLES: Readonly<Record<ParameterPlace, Style>> = { path: 'simple', query: 'form', header: 'simple', cookie: 'form' }

/** Styles that a place knows. */
export const STYLES_OF: Readonly<Record<ParameterPlace, readonly Style[]>> = {
  path: ['simple', 'label', 'matrix'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'],
  header: ['simple'],
  cookie: ['form']
}

/** Says what is wrong with the parameters of a request; null: nothing. */
export type ParameterCheck = (request: FastifyRequest, captures: Readonly<Record<string, string>>) => Violation[] | null

/** What is written in a request, by name. */
type Written = ReadonlyArray<readonly [name: string, text: string]>

interface Compiled {
  readonly parameter: Parameter
  readonly style: Style
  readonly explode: boolean
  readonly structure: Structure
  readonly shape: Shape
  readonly validator: Validator | null
}

/**
 * @param most violations for one request
 * @param limits of parameters that are JSON
 */
export function compileParameters (set: SchemaSet, parameters: readonly Parameter[], most: number, limits: JsonLimits): ParameterCheck {
  const compiled = parameters.map(parameter => compile(set, parameter))
  const queryNames = new Set(parameters.filter(parameter => parameter.in === 'query').map(parameter => parameter.name))
  const readsQuery = parameters.some(parameter => parameter.in === 'query')
  const readsCookies = parameters.some(parameter => parameter.in === 'cookie')
  const readJson = createJsonReader(limits, false)

  return function checkParameters (request, captures) {
    const { upstream, target } = request.gateway
    const headers = upstream?.headers ?? new HeaderList(request.raw.rawHeaders)
    const query = readsQuery ? readQuery(upstream === null ? target.split('?').slice(1).join('?') : upstream.query ?? '') : []
    const cookies = readsCookies ? readCookies(headers) : []
    let found: Violation[] | null = null
    for (const one of compiled) {
      const place = one.parameter.in
      const fault = place === 'query'
        ? fromQuery(one, query)
        : place === 'path'
          ? fromPath(one, captures)
          : place === 'header' ? fromHeader(one, headers) : fromCookies(one, cookies)
      if (fault === null) continue
      found ??= []
      found.push(...fault)
      if (found.length >= most) return found.slice(0, most)
    }
    return found
  }

  function fromQuery (one: Compiled, query: Written): Violation[] | null {
    const { parameter: { name }, style, explode, structure, shape } = one
    if (structure === 'object' && style === 'deepObject') {
      return judgePairs(one, query.filter(([own]) => own.startsWith(`${name}[`) && own.endsWith(']')).map(([own, text]) => [own.slice(name.length + 1, -1), text]))
    }
    // PHP, Rails and Express's qs make a list or an object called `name` of `name[]` and `name[x]`
    if (query.some(([own]) => own.startsWith(`${name}[`) && !queryNames.has(own))) return fault(one, 'style', `is not written in the style '${style}'`)
    if (structure === 'object' && style === 'form' && explode) return judgePairs(one, query.filter(([own]) => shape.properties.has(own)))
    const texts = query.filter(([own]) => own === name).map(([, text]) => text)
    if (structure === 'array' && explode) return texts.length === 0 ? missing(one) : judge(one, texts, unescapeForm)
    return judgeOnly(one, texts, unescapeForm)
  }

  function fromPath (one: Compiled, captures: Readonly<Record<string, string>>): Violation[] | null {
    const { name } = one.parameter
    return judgeOnly(one, Object.hasOwn(captures, name) ? [captures[name] as string] : [], unescapeCapture)
  }

  function fromHeader (one: Compiled, headers: HeaderList): Violation[] | null {
    const lines = headers.getAll(one.parameter.name)
    // lines of a list make one list (RFC 9110 section 5.3)
    return judgeOnly(one, one.structure === 'scalar' || lines.length < 2 ? lines : [lines.join(',')], fieldText)
  }

  function fromCookies (one: Compiled, cookies: Written): Violation[] | null {
    const { name } = one.parameter
    return judgeOnly(one, cookies.filter(([own]) => own === name).map(([, text]) => text), unescapeCookie)
  }

  function missing ({ parameter: { required, in: place, name } }: Compiled): Violation[] | null {
    return required ? [{ in: place, name, keyword: 'required', message: 'is required' }] : null
  }

  /** Of a parameter that may stand once. */
  function judgeOnly (one: Compiled, written: readonly string[], unescape: Unescape): Violation[] | null {
    const [text] = written
    if (text === undefined) return missing(one)
    // gateway and service could each take another one
    if (written.length > 1) return fault(one, 'duplicate', 'must stand once')
    const texts = cut(text, one.parameter.name, one.style, one.explode, one.structure)
    return texts === null ? fault(one, 'style', `is not written in the style '${one.style}'`) : judge(one, texts, unescape)
  }

  function judgePairs (one: Compiled, pairs: Written): Violation[] | null {
    return pairs.length === 0 ? missing(one) : judge(one, pairs as Array<readonly [string, string]>, unescapeForm)
  }

  function judge (one: Compiled, texts: Texts, unescape: Unescape): Violation[] | null {
    const { parameter: { in: place, name, json = false }, shape, validator } = one
    if (typeof texts === 'string') {
      const text = unescape(texts)
      if (text === null) return fault(one, 'encoding', 'is not escaped UTF-8')
      if (validator === null) return null
      if (json) {
        const { fault: problem, value, values } = readJson(Buffer.from(text))
        return problem !== null ? fault(one, problem, 'is not the JSON that is expected') : violations(validator, value, values, place, name, most)
      }
      const value = typed(text, shape)
      // a schema can want either a number or a text of some kind
      if (value !== undefined && shape.types.has('string') && validator.quick(text)) return null
      return violations(validator, value === undefined ? text : value, 1, place, name, most)
    }
    const value = Array.isArray(texts[0]) ? members(texts as Array<readonly [string, string]>, shape, unescape) : items(texts as string[], shape, unescape)
    if (typeof value === 'string') return value === 'duplicate' ? fault(one, value, 'has a member twice') : fault(one, 'encoding', 'is not escaped UTF-8')
    return validator === null ? null : violations(validator, value, texts.length + 1, place, name, most)
  }
}

type Unescape = (text: string) => string | null

function compile (set: SchemaSet, parameter: Parameter): Compiled {
  const { schema, in: place, json = false } = parameter
  const style = parameter.style ?? STYLES[place]
  const shape = schema === null ? { types: new Set<string>(), items: null, properties: new Map() } : shapeOf(set, schema)
  return {
    parameter,
    style,
    explode: parameter.explode ?? style === 'form',
    structure: json ? 'scalar' : shape.types.has('array') ? 'array' : shape.types.has('object') ? 'object' : 'scalar',
    shape,
    validator: schema === null ? null : set.compile(schema)
  }
}

function fault ({ parameter: { in: place, name } }: Compiled, keyword: string, message: string): Violation[] {
  return [{ in: place, name, keyword, message }]
}

function items (texts: readonly string[], { items: shape }: Shape, unescape: Unescape): unknown[] | 'encoding' {
  const list: unknown[] = []
  for (const written of texts) {
    const text = unescape(written)
    if (text === null) return 'encoding'
    list.push(valueOf(text, shape))
  }
  return list
}

function members (pairs: ReadonlyArray<readonly [string, string]>, { properties }: Shape, unescape: Unescape): object | 'encoding' | 'duplicate' {
  // without a prototype: a client may call a member anything
  const object = Object.create(null) as Record<string, unknown>
  for (const [written, escaped] of pairs) {
    const name = unescape(written)
    const text = unescape(escaped)
    if (name === null || text === null) return 'encoding'
    if (name in object) return 'duplicate'
    object[name] = valueOf(text, properties.get(name))
  }
  return object
}

function unescapeForm (text: string): string | null {
  return unescapeText(text, true)
}

/** The router has read the path: text, of which some bytes are still escaped. */
function unescapeCapture (text: string): string | null {
  try {
    return text.includes('%') ? decodeURIComponent(text) : text
  } catch {
    return null
  }
}

function unescapeCookie (text: string): string | null {
  return text.includes('%') ? unescapeText(text, false) : fieldText(text)
}

function fieldText (text: string): string | null {
  const trimmed = text.trim()
  return /^[\t\x20-\x7e]*$/.test(trimmed) || isUtf8(Buffer.from(trimmed, 'latin1')) ? toText(trimmed) : null
}

/** Names are unescaped, values are not. */
function readQuery (query: string): Array<[string, string]> {
  if (query === '') return []
  return query.split('&').map(argument => {
    const equals = argument.indexOf('=')
    const name = equals === -1 ? argument : argument.slice(0, equals)
    return [unescapeText(name, true) ?? name, equals === -1 ? '' : argument.slice(equals + 1)]
  })
}

function readCookies (headers: HeaderList): Array<[string, string]> {
  return headers.getAll('cookie').flatMap(field => field.split(';')).map(pair => {
    const equals = pair.indexOf('=')
    const value = equals === -1 ? '' : pair.slice(equals + 1).trim()
    return [(equals === -1 ? pair : pair.slice(0, equals)).trim(), value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value]
  })
}
