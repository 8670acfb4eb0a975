import { FieldError, fieldReader, type Reader } from './record.ts'

/**
 * Compiles `tenant $(request.headers.x-tenant)`. One that is a single look-up keeps the value's type, and is nothing where there is
 * none; in a longer text what isn't there is empty.
 *
 * @throws FieldError
 */
export function compileField (template: string): Reader {
  const parts: Array<string | Reader> = []
  let from = 0
  for (;;) {
    const open = template.indexOf('$(', from)
    if (open !== from && from < template.length) parts.push(template.slice(from, open === -1 ? undefined : open))
    if (open === -1) break
    const close = template.indexOf(')', open)
    if (close === -1) throw new FieldError("'$(' without ')'", 'Close it, as in `$(response.status)`.')
    parts.push(fieldReader(template.slice(open + 2, close)))
    from = close + 1
  }
  const [only] = parts
  if (parts.length === 1 && typeof only === 'function') return only
  return record => parts.map(part => typeof part === 'string' ? part : asText(part(record))).join('')
}

function asText (value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
