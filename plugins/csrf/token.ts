import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

export interface TokenOptions {
  readonly secrets: readonly string[]
  /** Seconds. */
  readonly ttl: number
  /** Milliseconds since the epoch. */
  now (): number
}

/** Bytes of the random part, and of the time in seconds before it. */
const RANDOM = 18
const TIME = 6

/** Time and random part, base64url; a dot; the signature, base64url. */
const SHAPE = /^([\w-]{32})\.([\w-]{43})$/

/** Signed tokens, so that nobody can make one up: not who can set a cookie from a sibling's host either. */
export class Tokens {
  readonly #options: TokenOptions

  constructor (options: TokenOptions) {
    this.#options = options
  }

  /** @param session what the token is bound to; '' for nothing */
  issue (session: string): string {
    const payload = Buffer.alloc(TIME + RANDOM)
    payload.writeUIntBE(Math.floor(this.#options.now() / 1_000), 0, TIME)
    randomBytes(RANDOM).copy(payload, TIME)
    const text = payload.toString('base64url')
    return `${text}.${this.#sign(this.#options.secrets[0] as string, text, session)}`
  }

  /** @returns share of the token's life that is left, from 0 to 1; 0: it is no token of ours, of another session, or has ended */
  rest (token: string, session: string): number {
    const [, payload, signature] = SHAPE.exec(token) ?? []
    if (payload === undefined || signature === undefined) return 0
    const valid = this.#options.secrets.some(secret => timingSafeEqual(Buffer.from(this.#sign(secret, payload, session)), Buffer.from(signature)))
    if (!valid) return 0
    const age = this.#options.now() / 1_000 - Buffer.from(payload, 'base64url').readUIntBE(0, TIME)
    return Math.max(0, 1 - age / this.#options.ttl)
  }

  #sign (secret: string, payload: string, session: string): string {
    return createHmac('sha256', secret).update(`sallyport.csrf.${payload}.${session}`).digest('base64url')
  }
}

/** Compares without telling by its time how much is equal. */
export function equals (a: string, b: string): boolean {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  return left.length === right.length && timingSafeEqual(left, right)
}
