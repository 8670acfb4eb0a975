import type { Route } from '../../src/config/model.ts'
import { route } from '../helpers/config.ts'

/** A route with the file's defaults; `id` and `name` are the same, so that a test can name what won. */
export function makeRoute (id: string, fields: Partial<Route> = {}): Route {
  return route({ id, name: id, pointer: `/routes/${id}`, service: 'service', paths: null, ...fields })
}
