import { Names, type Draft, type Item, type Place } from './draft.ts'

/** Services of an import: what is the same in the source is one service. */
export class Services {
  readonly #draft: Draft
  readonly #places: WeakMap<object, Place>
  readonly #known = new Map<string, Item>()
  readonly #names = new Names()

  constructor (draft: Draft, places: WeakMap<object, Place>) {
    this.#draft = draft
    this.#places = places
  }

  get count (): number {
    return this.#known.size
  }

  /**
   * The service of a key, made when it is asked for the first time.
   *
   * @param key all that tells it from others
   */
  take (key: string, place: Place, make: (names: Names) => Item): Item {
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const made = make(this.#names)
    this.#known.set(key, made)
    this.#places.set(made, place)
    this.#draft.list('services').push(made)
    return made
  }
}

/** `host:port` of an upstream's target. */
export function targetOf ({ protocol, hostname, port }: URL): string {
  return `${hostname}:${port === '' ? protocol === 'https:' ? 443 : 80 : port}`
}
