import { type BodyContent, kindOf, type Parameter, type ParameterPlace, parseMediaType, STYLES_OF, type Style } from '../../src/plugin.ts'
import { fieldsOf, type OpenApi, type Place } from './document.ts'

export interface ParameterEntry {
  readonly parameter: Parameter
  /** Arguments that it is spread over, where it is an object in the form style. */
  readonly members: readonly string[]
}

/** Fields that OpenAPI describes elsewhere (3.1 section 4.8.12.2). */
const NOT_PARAMETERS = new Set(['accept', 'content-type', 'authorization'])

/** Parameters of an operation: its own, and those of its path that it doesn't have itself. */
export function parametersOf (document: OpenApi, template: string, item: Place, operation: Place): ParameterEntry[] {
  const found = new Map<string, ParameterEntry>()
  for (const holder of [item, operation]) {
    const list = fieldsOf(holder.value)['parameters']
    if (!Array.isArray(list)) continue
    for (const index of list.keys()) {
      const place = document.get(holder, 'parameters', String(index))
      const entry = place === null ? null : readParameter(document, place)
      if (entry === null) continue
      const { in: where, name } = entry.parameter
      if (where === 'header' && NOT_PARAMETERS.has(name.toLowerCase())) continue
      if (where === 'path' && !template.includes(`{${name}}`)) document.report(place as Place, `the path has no '{${name}}'`, 'Write the name as the path has it.')
      found.set(`${where} ${name}`, entry)
    }
  }
  return [...found.values()]
}

function readParameter (document: OpenApi, place: Place): ParameterEntry | null {
  const { in: where, name, required, style, explode, schema, content } = fieldsOf(place.value)
  if (where === 'querystring') {
    document.report(place, 'a parameter that is the whole query (`in: querystring`) is not held against its schema here', 'Write its members as parameters with `in: query`.')
    return null
  }
  if (typeof name !== 'string' || typeof where !== 'string' || !Object.hasOwn(STYLES_OF, where)) {
    document.report(place, 'a parameter needs `name`, and `in`: query, header, path or cookie', 'Write both.')
    return null
  }
  if (style === 'cookie') {
    document.report(place, 'the style `cookie`, without escapes, is not read here', 'Leave `style` out: that is `form`, which is the same for texts without `%`.')
    return null
  }
  if (style !== undefined && !STYLES_OF[where as ParameterPlace].includes(style as Style)) {
    document.report(place, `a parameter of the ${where} is never written in the style '${String(style)}'`, `Write one of ${STYLES_OF[where as ParameterPlace].join(', ')}.`)
    return null
  }
  const common = {
    in: where as ParameterPlace,
    name,
    required: required === true || where === 'path',
    style: style as Style | undefined,
    explode: typeof explode === 'boolean' ? explode : undefined
  }
  const [type] = Object.keys(fieldsOf(content))
  if (type !== undefined) {
    const inner = document.get(place, 'content', type)
    const range = parseMediaType(type)
    const json = range !== null && kindOf(range) === 'json'
    const described = inner !== null && fieldsOf(inner.value)['schema'] !== undefined
    return { parameter: { ...common, schema: json && described ? document.schema(inner, 'schema') : null, json }, members: [] }
  }
  return {
    parameter: { ...common, schema: schema === undefined ? null : document.schema(place, 'schema') },
    members: style === undefined || style === 'form' ? Object.keys(fieldsOf(fieldsOf(document.get(place, 'schema')?.value)['properties'])) : []
  }
}

/** Types that a body or an answer may have. */
export function contentsOf (document: OpenApi, place: Place): BodyContent[] {
  const contents: BodyContent[] = []
  for (const type of Object.keys(fieldsOf(fieldsOf(place.value)['content']))) {
    const inner = document.get(place, 'content', type)
    if (inner === null) continue
    const range = parseMediaType(type)
    if (fieldsOf(inner.value)['itemSchema'] !== undefined) document.report(inner, 'the items of a stream are not held against `itemSchema`: what has this type passes', 'Leave it, where the service looks at them; `schema` is for what is one value.', 'warning')
    if (range === null) document.report(inner, `'${type}' is no media type`, 'Write `application/json`, or `application/*`.')
    else contents.push({ range, schema: fieldsOf(inner.value)['schema'] === undefined ? null : document.schema(inner, 'schema') })
  }
  return contents
}
