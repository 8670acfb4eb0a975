import type { TObject, TSchema } from 'typebox'
import type { Spread } from '../steps.ts'
import type { Access } from './access.ts'
import type { Answer } from './answer.ts'
import type { AdminSource } from './source.ts'

/** One request to an endpoint. */
export interface Call {
  readonly source: AdminSource
  /** What stands in place of the `{names}` of the path, decoded. */
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** Checked; undefined for GET. */
  readonly body: unknown
  readonly headers: NodeJS.Dict<string | string[]>
  /** For what takes longer than a few milliseconds: requests wait meanwhile. */
  readonly spread: Spread
}

/** One thing that can be asked for; the OpenAPI document is made of these. */
export interface Endpoint {
  /** GET includes HEAD. */
  readonly method: 'GET' | 'POST'
  /** With `{names}`, each for one segment; `{name...}` at the end for all that follow. */
  readonly path: string
  readonly access: Access | ((body: unknown) => Access)
  /** One sentence. */
  readonly summary: string
  readonly tag: string
  /** Arguments of the query, with what they are for. */
  readonly query?: Readonly<Record<string, string>>
  readonly body?: TObject
  /** By status; null: no JSON. Those that all endpoints have (401, 403, …) are added. */
  readonly answers: Readonly<Record<number, TSchema | null>>
  /** @throws Refused */
  run (call: Call): Answer | Promise<Answer>
}

/** Checks the type, infers the rest. */
export function endpoint (definition: Endpoint): Endpoint {
  return definition
}
