/** Remove, rename, replace, add, append: the five operations of Kong's transformers, on whatever has named fields. */

/** Something with named fields. How names compare, and what a second field of a name means, is its own business. */
export interface Editable<Value> {
  has (name: string): boolean
  /** Says whether there were any. */
  remove (name: string): boolean
  /** Moves all fields of a name, over those that have the new one. */
  rename (from: string, to: string): void
  /** One field in the place of all of that name. */
  set (name: string, value: Value): void
  /** Beside those of that name. */
  append (name: string, value: Value): void
}

/** A named value that may depend on the request. */
export type Edit<Source, Value> = readonly [name: string, value: (source: Source) => Value]

export interface Edits<Source, Value> {
  readonly remove: readonly string[]
  readonly rename: ReadonlyArray<readonly [from: string, to: string]>
  readonly replace: ReadonlyArray<Edit<Source, Value>>
  readonly add: ReadonlyArray<Edit<Source, Value>>
  readonly append: ReadonlyArray<Edit<Source, Value>>
}

/** Whether there is anything to do. */
export function hasEdits<Source, Value> (edits: Edits<Source, Value>): boolean {
  return edits.remove.length + edits.rename.length + edits.replace.length + edits.add.length + edits.append.length > 0
}

/**
 * Makes the changes, in Kong's order.
 *
 * @returns whether any of them applied
 */
export function applyEdits<Source, Value> (target: Editable<Value>, edits: Edits<Source, Value>, source: Source): boolean {
  let changed = false
  for (const name of edits.remove) {
    if (target.remove(name)) changed = true
  }
  for (const [from, to] of edits.rename) {
    if (from === to || !target.has(from)) continue
    target.rename(from, to)
    changed = true
  }
  for (const [name, value] of edits.replace) {
    if (!target.has(name)) continue
    target.set(name, value(source))
    changed = true
  }
  for (const [name, value] of edits.add) {
    if (target.has(name)) continue
    target.set(name, value(source))
    changed = true
  }
  for (const [name, value] of edits.append) {
    target.append(name, value(source))
    changed = true
  }
  return changed
}
