/**
 * Header fields in order, names as written, compared without case: `[name, value, name, value, …]`.
 *
 * A flat array because both ends speak it (Node's `rawHeaders`, `Outgoing`): nothing is converted on the way.
 */
export class HeaderList {
  /** The fields themselves; shared, not copied. */
  readonly raw: string[]

  constructor (raw: string[] = []) {
    this.raw = raw
  }

  /** First value, or undefined. */
  get (name: string): string | undefined {
    const index = this.#indexOf(name.toLowerCase(), 0)
    return index === -1 ? undefined : this.raw[index + 1]
  }

  /** All values, in order. */
  getAll (name: string): string[] {
    const lower = name.toLowerCase()
    const values: string[] = []
    for (let index = this.#indexOf(lower, 0); index !== -1; index = this.#indexOf(lower, index + 2)) {
      values.push(this.raw[index + 1] as string)
    }
    return values
  }

  has (name: string): boolean {
    return this.#indexOf(name.toLowerCase(), 0) !== -1
  }

  /** Puts one field of this name in the place of all there were. */
  set (name: string, value: string): void {
    const lower = name.toLowerCase()
    const index = this.#indexOf(lower, 0)
    if (index === -1) {
      this.raw.push(name, value)
      return
    }
    this.raw[index] = name
    this.raw[index + 1] = value
    this.#deleteFrom(lower, index + 2)
  }

  /** Adds a field, beside those of the same name. */
  append (name: string, value: string): void {
    this.raw.push(name, value)
  }

  /** @param fields name, value, … */
  appendAll (fields: readonly string[]): void {
    for (let index = 0; index < fields.length; index++) this.raw.push(fields[index] as string)
  }

  /** Removes all fields of this name; says whether there were any. */
  delete (name: string): boolean {
    return this.#deleteFrom(name.toLowerCase(), 0)
  }

  * entries (): Generator<[string, string]> {
    for (let index = 0; index < this.raw.length; index += 2) {
      yield [this.raw[index] as string, this.raw[index + 1] as string]
    }
  }

  #indexOf (lower: string, from: number): number {
    const raw = this.raw
    for (let index = from; index < raw.length; index += 2) {
      const name = raw[index] as string
      // the length decides for nearly all names before anything is lower-cased
      if (name.length === lower.length && (name === lower || name.toLowerCase() === lower)) return index
    }
    return -1
  }

  #deleteFrom (lower: string, from: number): boolean {
    const raw = this.raw
    let kept = from
    for (let index = from; index < raw.length; index += 2) {
      const name = raw[index] as string
      if (name.length === lower.length && name.toLowerCase() === lower) continue
      raw[kept] = name
      raw[kept + 1] = raw[index + 1] as string
      kept += 2
    }
    const deleted = kept !== raw.length
    raw.length = kept
    return deleted
  }
}
