/**
 * What an answer has spent, by name: `video=1, image=2`, in one field or several. What is malformed spends nothing.
 *
 * @param value of the field
 */
export function announced (value: unknown): Map<string, number> {
  const spent = new Map<string, number>()
  const text = Array.isArray(value) ? value.join(',') : typeof value === 'string' ? value : ''
  for (const item of text.split(',')) {
    const [, name, amount] = /^\s*([A-Za-z0-9_-]+)\s*=\s*(\d{1,15})\s*$/.exec(item) ?? []
    if (name !== undefined) spent.set(name, (spent.get(name) ?? 0) + Number(amount))
  }
  return spent
}
