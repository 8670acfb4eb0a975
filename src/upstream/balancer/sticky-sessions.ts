import { createHash } from 'node:crypto'
import type { Context } from '../../gateway/context.ts'
import type { Target } from '../../proxy/transport/transport.ts'
import type { Endpoint } from '../endpoint.ts'
import type { Balancer } from './balancer.ts'
import { cookieValue, setCookie } from './cookie.ts'
import type { RoundRobin } from './round-robin.ts'

/**
 * A client stays with the endpoint that its cookie names, as long as that one can be used; clients without are spread.
 *
 * The cookie holds a digest that every gateway with the same file computes alike, so that sessions survive restarts and
 * other gateways. It doesn't show the address; who can guess an address can see that he was right.
 */
export class StickySessions implements Balancer {
  readonly measures = false
  readonly #cookie: string
  readonly #path: string
  readonly #upstream: string
  readonly #spread: RoundRobin
  readonly #byToken = new Map<string, Endpoint>()
  readonly #tokens = new Map<Endpoint, string>()

  constructor (upstream: string, cookie: string, path: string, spread: RoundRobin) {
    this.#upstream = upstream
    this.#cookie = cookie
    this.#path = path
    this.#spread = spread
  }

  update (endpoints: readonly Endpoint[]): void {
    this.#byToken.clear()
    this.#tokens.clear()
    for (const endpoint of endpoints) {
      const token = createHash('sha256').update(`${this.#upstream}|${endpoint.host}|${endpoint.port}`).digest('base64url').slice(0, 16)
      this.#byToken.set(token, endpoint)
      this.#tokens.set(endpoint, token)
    }
    this.#spread.update(endpoints)
  }

  pick (context: Context, tried: readonly Target[], now: number): Endpoint | null {
    const token = cookieValue(context, this.#cookie)
    const known = token === null ? undefined : this.#byToken.get(token)
    if (known !== undefined && known.weight !== 0 && !known.isAmong(tried) && known.usable(now)) return known
    const chosen = this.#spread.pick(context, tried, now)
    if (chosen !== null) this.#name(chosen, context)
    return chosen
  }

  answers (endpoint: Endpoint, context: Context): void {
    if (context.affinityCookie !== null) this.#name(endpoint, context)
  }

  #name (endpoint: Endpoint, context: Context): void {
    const token = this.#tokens.get(endpoint)
    // one that went while it answered has none: the next request chooses anew
    if (token !== undefined) setCookie(context, this.#cookie, token, this.#path)
  }
}
