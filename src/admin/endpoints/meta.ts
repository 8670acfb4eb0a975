import { Type } from 'typebox'
import { ok } from '../answer.ts'
import { endpoint, type Endpoint } from '../endpoint.ts'
import { openApi } from '../openapi.ts'
import { publishedAt } from './published.ts'

/** @param others all endpoints beside this one */
export function metaEndpoints (others: readonly Endpoint[]): readonly Endpoint[] {
  const own: Endpoint = endpoint({
    method: 'GET',
    path: '/openapi.json',
    access: 'read',
    tag: 'meta',
    summary: 'All of this as an OpenAPI 3.1 document, with what plugins of the file that runs add.',
    answers: { 200: Type.Object({ openapi: Type.String() }, { additionalProperties: true }) },
    run ({ source }) {
      const published = source.publishedPaths().flatMap(path => publishedAt(source, path) ?? [])
      return ok(openApi([...others, own, ...published]))
    }
  })
  return [own]
}
