/** Header fields as a flat list: name, value, … */

/** All values of a field, joined by commas; undefined: there is none. @param lower its name in lower case */
export function valueOf (fields: readonly string[], lower: string): string | undefined {
  let value: string | undefined
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] as string
    if (name.length !== lower.length || name.toLowerCase() !== lower) continue
    const one = fields[index + 1] as string
    value = value === undefined ? one : `${value}, ${one}`
  }
  return value
}

/** The fields whose lower-case name is wanted, as a new list. */
export function fieldsWhere (fields: readonly string[], wanted: (lower: string) => boolean): string[] {
  const chosen: string[] = []
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] as string
    if (wanted(name.toLowerCase())) chosen.push(name, fields[index + 1] as string)
  }
  return chosen
}

/** Members of a list that has no quoted strings, trimmed. */
export function members (list: string | undefined): string[] {
  return (list ?? '').split(',').map(member => member.trim()).filter(member => member !== '')
}
