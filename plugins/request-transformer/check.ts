import { type CheckFinding, hasDotSegment, isHopField, splitPair } from '../../src/plugin.ts'
import { isHost } from './header-fields.ts'
import type { Config } from './rules.ts'
import { parseTemplate, TemplateError } from './template.ts'

/** Fields that the engine writes when all plugins are done. */
const ENGINE_FIELDS = new Set([
  'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port', 'x-forwarded-path', 'x-forwarded-prefix',
  'x-real-ip', 'via', 'x-sallyport-request-id', 'x-kong-request-id'
])

const OPERATIONS = ['remove', 'rename', 'replace', 'add', 'append'] as const
const AREAS = ['headers', 'querystring', 'body'] as const

/** What the schema can't say about an entry. */
export function * checkConfig (config: Config): Generator<CheckFinding> {
  if (config.http_method === 'CONNECT' || config.http_method === 'TRACE') {
    yield { path: '/http_method', message: `${config.http_method} isn't forwarded`, mend: 'Use another method.' }
  }
  if (config.replace.uri !== undefined) {
    yield * checkTemplate(config.replace.uri, '/replace/uri')
    if (hasDotSegment(config.replace.uri)) {
      yield { path: '/replace/uri', message: 'the path has a dot segment (`.` or `..`)', mend: 'Write the path that it leads to.' }
    }
  }
  for (const operation of OPERATIONS) {
    for (const area of AREAS) {
      for (const [index, item] of config[operation][area].entries()) {
        const path = `/${operation}/${area}/${index}`
        const [name, value] = operation === 'remove' ? [item, ''] : splitPair(item)
        if (area === 'headers') {
          yield * checkHeader(name, operation, path)
          if (operation === 'rename') yield * checkHeader(value, operation, path)
          if (operation === 'replace' && name.toLowerCase() === 'host') yield * checkHost(value, path)
        }
        if (operation === 'replace' || operation === 'add' || operation === 'append') yield * checkTemplate(value, path)
        else if (item.includes('$(')) {
          yield { path, message: 'a name can\'t hold a template', mend: 'Write the name as it is.' }
        }
      }
    }
  }
}

function * checkHeader (name: string, operation: string, path: string): Generator<CheckFinding> {
  if (isHopField(name)) {
    yield { path, message: `\`${name}\` belongs to the connection or frames the body: the gateway writes it itself`, mend: 'Remove this item.' }
  } else if (ENGINE_FIELDS.has(name.toLowerCase())) {
    yield { path, message: `\`${name}\` is written by the gateway after all plugins`, mend: 'Remove this item; `gateway.trusted_ips` and `gateway.headers` decide about this field.' }
  } else if (name.toLowerCase() === 'host' && operation !== 'replace') {
    yield { path, message: `Host can only be replaced, so this \`${operation}\` does nothing`, mend: 'Move it to `replace.headers`, or remove it.', severity: 'warning' }
  }
}

function * checkHost (value: string, path: string): Generator<CheckFinding> {
  if (!value.includes('$(') && !isHost(value)) {
    yield { path, message: `\`${value}\` is no host`, mend: 'Write a name or an address, with or without a port: `Host:internal.example.com`.' }
  }
}

function * checkTemplate (text: string, path: string): Generator<CheckFinding> {
  try {
    parseTemplate(text)
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    yield { path, message: error.message, mend: error.mend }
  }
}
