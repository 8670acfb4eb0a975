import { addVary, type FastifyReply, FixedFields, type Static } from '../../src/plugin.ts'
import { compileOrigins, type OriginPolicy } from './origins.ts'
import type { Cors } from './schema.ts'

type Config = Static<typeof Cors>

/** What a service says for itself: the gateway decides here, so a refused origin must not find it. */
const GRANTS = ['access-control-allow-origin', 'access-control-allow-credentials', 'access-control-expose-headers']

/** The fields of one entry's answers, made once. */
export class AnswerPolicy {
  /** Further fields of preflights that are allowed. */
  readonly preflight: FixedFields
  readonly #config: Config
  readonly #origins: OriginPolicy
  /** By value of Access-Control-Allow-Origin: of all that are known beforehand. */
  readonly #fields = new Map<string, FixedFields>()

  constructor (config: Config) {
    const { origins = [], headers, methods, max_age: maxAge } = config
    this.#config = config
    this.#origins = compileOrigins(origins)
    for (const origin of ['*', 'null', this.#origins.constant, ...this.#origins.known]) {
      if (origin !== null) this.#fields.set(origin, this.#fieldsOf(origin))
    }
    this.preflight = new FixedFields([
      ['Access-Control-Allow-Methods', methods.join(',')],
      ...headers === undefined ? [] : [['Access-Control-Allow-Headers', headers.join(',')] as const],
      ...maxAge === undefined ? [] : [['Access-Control-Max-Age', String(maxAge)] as const]
    ])
  }

  /** Fields that don't depend on the request. */
  constantFields (): Array<readonly [string, string]> {
    const { constant, varies } = this.#origins
    if (constant === null) return [['Vary', 'Origin']]
    const { names, values } = this.#fieldsOf(constant)
    return [...names.map((name, index) => [name, values[index] as string] as const), ...varies ? [['Vary', 'Origin'] as const] : []]
  }

  /**
   * Puts the fields on any answer.
   *
   * @param origin of the request; undefined: none
   * @returns whether this origin may read it
   */
  answer (origin: string | undefined, reply: FastifyReply): boolean {
    if (this.#origins.varies) addVary(reply, 'Origin')
    const allowed = origin === undefined && !this.#config.allow_origin_absent ? null : this.#origins.allow(origin)
    if (allowed === null) {
      for (const name of GRANTS) reply.removeHeader(name)
      return false
    }
    // of the service: it would let credentials pass that this entry doesn't
    if (!this.#config.credentials || allowed === '*') reply.removeHeader('access-control-allow-credentials')
    ;(this.#fields.get(allowed) ?? this.#fieldsOf(allowed)).put(reply)
    return true
  }

  #fieldsOf (origin: string): FixedFields {
    const { credentials, exposed_headers: exposed } = this.#config
    return new FixedFields([
      ['Access-Control-Allow-Origin', origin],
      ...credentials && origin !== '*' ? [['Access-Control-Allow-Credentials', 'true'] as const] : [],
      ...exposed === undefined || exposed.length === 0 ? [] : [['Access-Control-Expose-Headers', exposed.join(',')] as const]
    ])
  }
}
