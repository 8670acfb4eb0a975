import type { Route } from '../config/model.ts'
import { compileRouter } from '../router/compile.ts'
import type { Router } from '../router/types.ts'

/** Routers of configurations that are tried again and again: ten thousand routes take a tenth of a second. */
export class Routers {
  readonly #compiled = new WeakMap<readonly Route[], Router>()

  of (routes: readonly Route[]): Router {
    let router = this.#compiled.get(routes)
    if (router === undefined) this.#compiled.set(routes, router = compileRouter(routes))
    return router
  }
}
