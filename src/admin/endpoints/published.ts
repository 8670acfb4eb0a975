/** What plugins serve, and what they let operators do. Their paths follow from the configuration that runs. */
import { Type } from 'typebox'
import { ok, Refused } from '../answer.ts'
import type { Endpoint } from '../endpoint.ts'
import type { AdminSource } from '../source.ts'

const Anything = Type.Object({}, { additionalProperties: true })

/** At this path; null: there is nothing. */
export function publishedAt (source: AdminSource, path: string): Endpoint | null {
  const action = source.action(path)
  if (action !== undefined) {
    return {
      method: 'POST',
      path,
      access: 'write',
      tag: 'plugins',
      summary: `An action of the plugin ${action.plugin}.`,
      body: action.body,
      answers: { 200: Anything },
      async run ({ body }) {
        try {
          return ok(await source.act(action, body))
        } catch {
          throw new Refused(500, 'The action failed, or a part of it: the log says why')
        }
      }
    }
  }
  const document = source.document(path)
  if (document === undefined) return null
  // public keys and the like: they are for services, which have no token
  return { method: 'GET', path, access: 'open', tag: 'plugins', summary: 'A document of a plugin.', answers: { 200: Anything }, run: () => ok(document) }
}
