import type { BodyCheck, FastifyRequest, ParameterCheck, Violation } from '../../src/plugin.ts'
import type { Drift } from './drift.ts'
import type { Found } from './path-tree.ts'
import type { Responses } from './response.ts'

/** One operation of the document. */
export interface Operation {
  readonly parameters: ParameterCheck
  /** Query arguments that it doesn't have. */
  surplus (request: FastifyRequest): Violation[] | null
  readonly body: BodyCheck
  readonly responses: Responses
}

/** A path of the document. */
export interface PathItem {
  readonly template: string
  readonly operations: ReadonlyMap<string, Operation>
  /** Its methods, for `Allow`. */
  readonly allowed: string
}

export interface ApiState {
  find (path: string): Found<PathItem> | null
  /** Requests between their phases. */
  readonly running: WeakMap<FastifyRequest, { readonly operation: Operation, readonly template: string }>
  readonly drift: Drift
}
