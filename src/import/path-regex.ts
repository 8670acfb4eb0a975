/** Regexes of other gateways as paths of routes: the same requests, or none at all. */
import { checkRegex } from '../config/regex/safety.ts'
import { compilePathRegex, isProblem } from '../router/path-regex.ts'

export function escapeRegex (text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

/**
 * Others search anywhere in the path, a route's regex starts at its start.
 *
 * @returns a path, or why there is none
 */
export function regexPath (pattern: string, ignoreCase: boolean): string | { readonly why: string } {
  const folded = ignoreCase ? foldCase(pattern) : pattern
  if (folded === null) return { why: 'a regex without case that has classes or escapes of letters' }
  const anchored = folded.startsWith('^')
  const body = anchored ? folded.slice(1) : folded
  if (hasTopAlternation(body)) return { why: 'it has alternatives outside of a group' }
  const path = body.startsWith('.+') ? `~/.*${body.slice(2)}` : body.startsWith('.*') ? search(body.slice(2)) : anchored ? fixed(body) : search(body)
  if (path === null) return { why: 'where its first character may be can\'t be said' }
  const compiled = compilePathRegex(path.slice(1))
  if (isProblem(compiled)) return { why: compiled.reason }
  return checkRegex(compiled.regex.source, 'u').kind === 'vulnerable' ? { why: 'a client could make it run for long' } : path
}

/** The first character of every path is a slash. */
function fixed (body: string): string | null {
  if (body === '') return '~/'
  return body.startsWith('/') ? `~${body}` : null
}

/** What may stand anywhere; only what surely begins with a slash, or surely with none. */
function search (body: string): string | null {
  if (body === '') return '~/'
  if (/^\/(?![?*+{])/.test(body)) return `~/(?:.*/)?${body.slice(1)}`
  const noSlash = /^(?:\\[.\-_]|[-_A-Za-z0-9]|\[[A-Za-z0-9]+\]|\([A-Za-z0-9_|[\]-]+\))(?![?*{])/
  return noSlash.test(body) ? `~/.*${body}` : null
}

function hasTopAlternation (body: string): boolean {
  let depth = 0
  let inClass = false
  for (let index = 0; index < body.length; index++) {
    const character = body[index]
    if (character === '\\') index++
    else if (inClass) inClass = character !== ']'
    else if (character === '[') inClass = true
    else if (character === '(') depth++
    else if (character === ')') depth--
    else if (character === '|' && depth === 0) return true
  }
  return false
}

/** Letters as classes of both cases; null where that isn't enough. */
export function foldCase (pattern: string): string | null {
  let folded = ''
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern[index] as string
    if (character === '\\') {
      const next = pattern[++index] ?? ''
      if (/[pPxcu]/.test(next)) return null
      folded += `\\${next}`
    } else if (character === '[') {
      const end = pattern.indexOf(']', index + 2)
      if (end === -1) return null
      folded += `[${foldClass(pattern.slice(index + 1, end))}]`
      index = end
    } else if (character === '(' && pattern.startsWith('(?', index)) {
      const group = /^\(\?(?:P?<[A-Za-z_]\w*>|:|=|!)/.exec(pattern.slice(index))?.[0]
      if (group === undefined) return null
      folded += group
      index += group.length - 1
    } else if (/[a-z]/i.test(character)) folded += `[${character.toLowerCase()}${character.toUpperCase()}]`
    else folded += character
  }
  return folded
}

function foldClass (inner: string): string {
  const other = (text: string): string => text.replace(/[a-z]/gi, letter => letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase())
  const more = [...inner.matchAll(/\\.|[a-z]-[a-z]|[A-Z]-[A-Z]|[a-z]/gi)].map(([item]) => item).filter(item => !item.startsWith('\\'))
  return `${inner}${more.map(other).join('')}`
}
