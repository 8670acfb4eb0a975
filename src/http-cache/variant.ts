import type { HeaderList } from '../proxy/fields/header-list.ts'

/** The key of one variant. That a field is not there is not that it is empty (RFC 9111 section 4.1). */
export function variant (rest: string, vary: readonly string[], headers: HeaderList): string {
  let key = `${rest}\n`
  for (const name of vary) {
    const values = headers.getAll(name)
    key += values.length === 0 ? `\n${name}` : `\n${name}:${alike(name, values.join(', '))}`
  }
  return key
}

/** Lists of what a client takes mean the same with and without blanks; of other fields nobody knows, nor of what stands in quotes. */
function alike (name: string, value: string): string {
  if (!name.startsWith('accept') || value.includes('"')) return value
  // no regex: blanks without a comma behind them would be looked through from each of them
  return value.split(',').map(member => member.trim()).join(', ')
}
