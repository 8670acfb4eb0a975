/** The value of a cookie of a request's `Cookie` field; undefined where there is none. The first counts. */
export function cookieOf (field: string | undefined, name: string): string | undefined {
  if (field === undefined) return undefined
  for (const pair of field.split(';')) {
    const at = pair.indexOf('=')
    if (at === -1 || pair.slice(0, at).trim() !== name) continue
    const value = pair.slice(at + 1).trim()
    return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
  }
  return undefined
}
