/** The OpenAPI document of the listener, made of its endpoints and their schemas. */
import type { TSchema } from 'typebox'
import { version } from '../version.ts'
import * as common from './api/schemas/common.ts'
import * as entities from './api/schemas/entities.ts'
import * as limits from './api/schemas/limits.ts'
import * as running from './api/schemas/running.ts'
import * as traffic from './api/schemas/traffic.ts'
import type { Endpoint } from './endpoint.ts'

type Json = Readonly<Record<string, unknown>>

const TAGS: Readonly<Record<string, string>> = {
  probes: 'For orchestrators and Prometheus.',
  entities: 'What the file that runs has in it.',
  upstreams: 'Targets and how they fare.',
  configuration: 'What runs, what ran before, and the way back.',
  limits: 'Counters of clients.',
  traffic: 'What went through lately.',
  plugins: 'What plugins of the file add.',
  dashboard: 'The dashboard.',
  meta: 'This document.'
}

/** Names of the schemas that answers have in common. */
const NAMES = new Map<object, string>([common, entities, limits, running, traffic].flatMap(module => Object.entries(module))
  .filter((entry): entry is [string, TSchema] => typeof entry[1] === 'object')
  .map(([name, schema]) => [schema, name]))

/** OpenAPI 3.1. */
export function openApi (endpoints: readonly Endpoint[]): Json {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const each of endpoints) (paths[each.path] ??= {})[each.method.toLowerCase()] = operation(each)
  return {
    openapi: '3.1.0',
    info: { title: 'Sallyport Admin API', version, description: 'What a gateway runs, and what may be done about it. Paths and shapes are Kong\'s where Kong has them.' },
    servers: [{ url: '/' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: Object.fromEntries([...NAMES].map(([schema, name]) => [name, members(schema)])),
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: '`gateway.admin.token`; where there is none, the listener is one that this machine alone reaches.' } }
    }
  }
}

function operation ({ method, path, access, summary, tag, query = {}, body, answers }: Endpoint): Json {
  const open = access === 'open'
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({ name, in: 'path', required: true, schema: { type: 'string' } }))
  const inQuery = Object.entries(query).map(([name, description]) => ({ name, in: 'query', description, schema: { type: 'string' } }))
  const failures: Record<number, TSchema> = {
    ...open ? {} : { 401: common.Failure },
    403: common.Failure,
    ...inQuery.length === 0 ? {} : { 400: common.Failure },
    ...body === undefined ? {} : { 400: common.Failure, 413: common.Failure, 415: common.Failure },
    500: common.Failure
  }
  return {
    operationId: `${method.toLowerCase()}${path.replace(/\/$/, '/index').replace(/[^A-Za-z0-9]+(\w?)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary,
    tags: [tag],
    ...access === 'write' || typeof access === 'function' ? { description: 'Needs `gateway.admin.write: true`.' } : {},
    ...inPath.length + inQuery.length === 0 ? {} : { parameters: [...inPath, ...inQuery] },
    ...body === undefined ? {} : { requestBody: { required: true, content: json(body) } },
    responses: Object.fromEntries(Object.entries({ ...failures, ...answers }).map(([status, schema]) => [status, {
      description: describe(Number(status)),
      ...schema === null ? {} : { content: json(schema) }
    }])),
    security: open ? [] : [{ token: [] }]
  }
}

function json (schema: TSchema): Json {
  return { 'application/json': { schema: plain(schema) } }
}

/** The schema as it is written, schemas that have names by reference. */
function plain (value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const name = NAMES.get(value)
  return name === undefined ? members(value) : { $ref: `#/components/schemas/${name}` }
}

function members (value: object): unknown {
  if (Array.isArray(value)) return value.map(plain)
  return Object.fromEntries(Object.entries(asTuple(value)).filter(([key]) => !key.startsWith('~') && key !== '$comment').map(([key, item]) => [key, plain(item)]))
}

/** OpenAPI 3.1 is JSON Schema 2020-12, where a list of places is called `prefixItems`. */
function asTuple (value: object): object {
  if (!('items' in value) || !Array.isArray(value.items)) return value
  const { items, additionalItems: _, ...rest } = value as { readonly items: readonly unknown[], readonly additionalItems?: unknown }
  return { ...rest, prefixItems: items, items: false }
}

const STATUSES: Readonly<Record<number, string>> = {
  200: 'The answer.',
  304: 'It is as it was.',
  307: 'It is elsewhere.',
  400: 'What is asked for can\'t be understood.',
  401: 'The token is missing, or another one.',
  403: 'It can\'t be done here.',
  404: 'There is no such thing.',
  409: 'It was refused.',
  413: 'The body is too long.',
  415: 'The body is no JSON.',
  429: 'Too much of it waits already.',
  500: 'It failed.',
  503: 'Not now.'
}

function describe (status: number): string {
  return STATUSES[status] ?? 'An answer.'
}
