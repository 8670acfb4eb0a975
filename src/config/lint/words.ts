/** `a`, `a and b`, `a, b and 3 more`. */
export function enumerate (names: readonly string[]): string {
  if (names.length > 3) return `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

/** A function that computes each answer once. */
export function remember<Value> (compute: (key: string) => Value): (key: string) => Value {
  const known = new Map<string, Value>()
  return key => {
    let value = known.get(key)
    if (value === undefined) known.set(key, value = compute(key))
    return value
  }
}
