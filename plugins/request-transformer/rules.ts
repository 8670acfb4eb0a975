import { createUuids, type Edit, type Edits, splitPair, type Static, toBytes, toFieldValue, toText } from '../../src/plugin.ts'
import type { RequestTransformer } from './schema.ts'
import type { Source } from './source.ts'
import { parseTemplate, renderTemplate, type Template } from './template.ts'

export type Config = Static<typeof RequestTransformer>
type Area = 'headers' | 'querystring' | 'body'
type Changes = Edits<Source, string>

/** Everything that one entry does, compiled. */
export interface Rules {
  readonly method: string | null
  readonly uri: Template | null
  readonly headers: Changes
  readonly query: Changes
  /** Names and values as bytes. */
  readonly form: Changes
  /** Names as text, values as JSON. */
  readonly json: Changes
  /** Whether a template reads fields that may have changed by then. */
  readonly readsHeaders: boolean
  readonly uuid: () => string
}

/** @throws TemplateError */
export function compileRules (config: Config, now: () => number): Rules {
  const headers = compileEdits(config, 'headers', name => name, toFieldValue, withoutHost)
  const query = compileEdits(config, 'querystring', toBytes, value => value)
  const form = compileEdits(config, 'body', toBytes, value => value)
  const json = compileEdits(config, 'body', name => name, value => JSON.stringify(toText(value)))
  const uri = config.replace.uri === undefined ? null : parseTemplate(config.replace.uri)
  return {
    method: config.http_method ?? null,
    uri,
    headers: headers.edits,
    query: query.edits,
    form: form.edits,
    json: json.edits,
    readsHeaders: headers.readsHeaders || query.readsHeaders || form.readsHeaders,
    uuid: createUuids(now)
  }
}

/** Whether the body must be at hand. */
export function needsBody (config: Config): boolean {
  return config.http_method === 'GET' || config.http_method === 'HEAD' ||
    [config.remove, config.rename, config.replace, config.add, config.append].some(operation => operation.body.length > 0)
}

function compileEdits (config: Config, area: Area, toName: (name: string) => string, toValue: (bytes: string) => string, keep: (name: string) => boolean = () => true): { edits: Changes, readsHeaders: boolean } {
  let readsHeaders = false
  function compile (pair: string): Edit<Source, string> {
    const [name, text] = splitPair(pair)
    const template = parseTemplate(text)
    readsHeaders ||= template.readsHeaders
    return [toName(name), compileValue(template, toValue)]
  }
  const edits = {
    remove: config.remove[area].filter(keep).map(toName),
    rename: config.rename[area].map(splitPair).filter(([from, to]) => keep(from) && keep(to)).map(([from, to]) => [toName(from), toName(to)] as const),
    replace: config.replace[area].map(compile),
    add: config.add[area].map(compile).filter(([name]) => keep(name)),
    append: config.append[area].map(compile).filter(([name]) => keep(name))
  }
  return { edits, readsHeaders }
}

/** A value without templates is made once. */
function compileValue (template: Template, toValue: (bytes: string) => string): (source: Source) => string {
  if (template.parts.some(part => typeof part !== 'string')) return source => toValue(renderTemplate(template, source))
  const value = toValue(template.parts.join(''))
  return () => value
}

function withoutHost (name: string): boolean {
  return name.toLowerCase() !== 'host'
}
