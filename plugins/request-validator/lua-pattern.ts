/** Classes of Lua 5.1 (section 5.4.1 of its manual) as parts of a JavaScript class. */
const CLASSES: Readonly<Record<string, string>> = {
  a: 'A-Za-z',
  c: '\\x00-\\x1f\\x7f',
  d: '0-9',
  l: 'a-z',
  p: '!-\\/:-@\\[-`\\{-~',
  s: '\\t-\\r ',
  u: 'A-Z',
  w: '0-9A-Za-z',
  x: '0-9A-Fa-f',
  z: '\\x00'
}

/** `-` is Lua's lazy `*`. */
const REPETITIONS: Readonly<Record<string, string>> = { '*': '*', '+': '+', '-': '*?', '?': '?' }

/**
 * A Lua pattern as a JavaScript regex for the flag `u`.
 *
 * @returns null for what a regex can't say (`%b()`, `%f[set]`, references to captures) and what is no pattern
 */
export function fromLuaPattern (pattern: string): string | null {
  let regex = ''
  let at = 0
  if (pattern.startsWith('^')) {
    regex = '^'
    at = 1
  }
  while (at < pattern.length) {
    const character = pattern[at] as string
    if (character === '$' && at === pattern.length - 1) return `${regex}$`
    if (character === '(' || character === ')') {
      regex += character
      at++
      continue
    }
    const item = character === '[' ? readSet(pattern, at) : readSingle(pattern, at)
    if (item === null) return null
    regex += item.regex
    at = item.end
    const repetition = REPETITIONS[pattern[at] ?? '']
    if (repetition !== undefined) {
      regex += repetition
      at++
    }
  }
  return regex
}

interface Item {
  readonly regex: string
  readonly end: number
}

function readSingle (pattern: string, at: number): Item | null {
  const character = pattern[at] as string
  if (character === '.') return { regex: '[^]', end: at + 1 }
  if (character !== '%') return { regex: escape(character), end: at + 1 }
  const escaped = pattern[at + 1]
  if (escaped === undefined) return null
  if (!/[\dA-Za-z]/.test(escaped)) return { regex: escape(escaped), end: at + 2 }
  const inside = CLASSES[escaped.toLowerCase()]
  return inside === undefined ? null : { regex: `[${escaped === escaped.toLowerCase() ? '' : '^'}${inside}]`, end: at + 2 }
}

function readSet (pattern: string, start: number): Item | null {
  let at = start + 1
  let inside = ''
  if (pattern[at] === '^') {
    inside = '^'
    at++
  }
  for (let first = true; at < pattern.length; first = false) {
    const character = pattern[at] as string
    if (character === ']' && !first) return { regex: `[${inside}]`, end: at + 1 }
    if (character === '%') {
      const escaped = pattern[at + 1]
      if (escaped === undefined) return null
      if (!/[\dA-Za-z]/.test(escaped)) inside += escapeInSet(escaped)
      else if (CLASSES[escaped] === undefined) return null // a class that is turned round, inside of a class
      else inside += CLASSES[escaped]
      at += 2
    } else if (pattern[at + 1] === '-' && pattern[at + 2] !== undefined && pattern[at + 2] !== ']') {
      inside += `${escapeInSet(character)}-${escapeInSet(pattern[at + 2] as string)}`
      at += 3
    } else {
      inside += escapeInSet(character)
      at++
    }
  }
  return null
}

function escape (character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character
}

function escapeInSet (character: string): string {
  return /[\\^\]\-[/]/.test(character) ? `\\${character}` : character
}
