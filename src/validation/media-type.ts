/** A Content-Type (RFC 9110 section 8.3.1), in lower case but for the values of its parameters. */
export interface MediaType {
  readonly type: string
  readonly subtype: string
  readonly parameters: ReadonlyMap<string, string>
}

const TYPE = /^[ \t]*([!#$%&'*+.^_`|~\da-z-]+)\/([!#$%&'*+.^_`|~\da-z-]+)[ \t]*(?=;|$)/i
const PARAMETER = /;[ \t]*(?:([!#$%&'*+.^_`|~\da-z-]+)=(?:([!#$%&'*+.^_`|~\da-z-]+)|"((?:[^"\\]|\\.)*)"))?[ \t]*(?=;|$)/iy

/** Longest that is read: nobody needs more, and it is remembered. */
const LONGEST = 512

/** null: malformed, or a parameter stands twice. */
export function parseMediaType (text: string): MediaType | null {
  if (text.length > LONGEST) return null
  const [start, type = '', subtype = ''] = TYPE.exec(text) ?? []
  if (start === undefined) return null
  const parameters = new Map<string, string>()
  PARAMETER.lastIndex = start.length
  while (PARAMETER.lastIndex < text.length) {
    const match = PARAMETER.exec(text)
    if (match === null) return null
    const [, name, token, quoted = ''] = match
    if (name === undefined) continue
    const lower = name.toLowerCase()
    if (parameters.has(lower)) return null
    parameters.set(lower, token ?? quoted.replace(/\\(.)/g, '$1'))
  }
  return { type: type.toLowerCase(), subtype: subtype.toLowerCase(), parameters }
}

/** How well a type fits a range (`application/json`, `application/*`, all): 0 not at all, 3 exactly. */
export function fit ({ type, subtype }: MediaType, range: MediaType): number {
  if (range.type === '*') return 1
  if (range.type !== type) return 0
  return range.subtype === '*' ? 2 : range.subtype === subtype ? 3 : 0
}

export type BodyKind = 'json' | 'form' | 'multipart' | 'other'

export function kindOf ({ type, subtype }: MediaType): BodyKind {
  if (subtype === 'json' || subtype.endsWith('+json')) return 'json'
  if (type === 'application' && subtype === 'x-www-form-urlencoded') return 'form'
  return type === 'multipart' && subtype === 'form-data' ? 'multipart' : 'other'
}
