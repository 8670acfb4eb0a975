import type { KeyHint, VerificationKey } from '../key-source.ts'
import { readJwk, type SetKey, UnusableKey } from './jwk.ts'
import { ProviderError } from './provider-error.ts'

/** A member of a set that can't be used. */
export interface KeyProblem {
  /** Place in `keys`. */
  readonly index: number
  readonly kid: string | null
  /** Completes the sentence "this key …". */
  readonly reason: string
}

interface Candidates {
  readonly all: readonly VerificationKey[]
  /** null: those without a name. */
  readonly byKid: ReadonlyMap<string | null, readonly VerificationKey[]>
}

const NONE: readonly VerificationKey[] = Object.freeze([])

/** The largest public sets have a dozen. A token without `kid` is tried with each. */
const MOST = 100

/** The usable keys of a JSON Web Key Set (RFC 7517), by algorithm and name: a look-up makes nothing. */
export class KeySet {
  readonly problems: readonly KeyProblem[]
  readonly #keys: ReadonlyMap<string, SetKey>
  readonly #byAlgorithm: ReadonlyMap<string, Candidates>

  /**
   * @param before the set that this one replaces: keys that stay keep their object
   * @throws ProviderError when the value isn't a set at all; members that can't be used are `problems`
   */
  constructor (value: unknown, symmetric: boolean, before?: KeySet | null) {
    const members = readMembers(value)
    const known = before instanceof KeySet ? before.#keys : null
    const keys = new Map<string, SetKey>()
    const problems: KeyProblem[] = []
    for (const [index, member] of members.entries()) {
      try {
        const key = readJwk(member, symmetric)
        keys.set(key.identity, known?.get(key.identity) ?? key)
      } catch (error) {
        if (!(error instanceof UnusableKey)) throw error
        problems.push({ index, kid: nameOf(member), reason: error.message })
      }
    }
    this.problems = problems
    this.#keys = keys
    this.#byAlgorithm = indexKeys([...keys.values()])
  }

  get size (): number {
    return this.#keys.size
  }

  /** See `KeySource.keysFor`. */
  find ({ alg, kid }: KeyHint): readonly VerificationKey[] {
    const candidates = this.#byAlgorithm.get(alg)
    if (candidates === undefined) return NONE
    if (kid === undefined) return candidates.all
    return candidates.byKid.get(kid) ?? candidates.byKid.get(null) ?? NONE
  }

  /** Whether both hold the same keys. */
  equals (other: KeySet): boolean {
    return this.size === other.size && [...this.#keys.keys()].every(identity => other.#keys.has(identity))
  }
}

function readMembers (value: unknown): readonly unknown[] {
  const keys = typeof value === 'object' && value !== null ? (value as { keys?: unknown }).keys : undefined
  if (!Array.isArray(keys)) throw new ProviderError('it is not a key set: there is no list `keys`')
  if (keys.length > MOST) throw new ProviderError(`the key set has more than ${MOST} keys`)
  return keys
}

function nameOf (member: unknown): string | null {
  const kid = (member as { kid?: unknown } | null)?.kid
  return typeof kid === 'string' ? kid : null
}

function indexKeys (keys: readonly SetKey[]): Map<string, Candidates> {
  const index = new Map<string, Candidates>()
  for (const algorithm of new Set(keys.flatMap(key => key.algorithms))) {
    const all = keys.filter(key => key.algorithms.includes(algorithm)).map(key => key.verification)
    const byKid = new Map<string | null, readonly VerificationKey[]>()
    for (const { kid } of all) byKid.set(kid, Object.freeze(all.filter(key => key.kid === kid)))
    index.set(algorithm, { all: Object.freeze(all), byKid })
  }
  return index
}
