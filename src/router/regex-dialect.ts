/**
 * Reads a regex of the file as Kong's engines do (PCRE, Rust) and writes it as JavaScript.
 *
 * What has the same meaning everywhere passes; what only looks different is rewritten (`(?P<name>`, `\-` outside of a
 * class, `.`, which leaves out more line ends in JavaScript); everything that would mean something else, or that only one
 * of the engines knows, is refused, since a route that matches more or less than its author tested is a hole. Look-around
 * is kept: PCRE and JavaScript agree on it. `\d`, `\w`, `\s` and `\b` are ASCII as in PCRE.
 */

/** Why a regex is refused. `index` and `length` are the place in the pattern, in UTF-16 code units. */
export interface RegexProblem {
  readonly index: number
  readonly length: number
  /** One sentence without a full stop: what is wrong. */
  readonly reason: string
  /** What to write instead. */
  readonly mend: string
}

/** A piece of a pattern that can't be cut further, with what it is in JavaScript. */
export interface Token {
  readonly kind: 'literal' | 'quantifier' | 'alternation' | 'open' | 'close' | 'other'
  readonly source: string
  /** Index in the pattern behind it. */
  readonly end: number
  /** The character of a literal. */
  readonly text?: string
}

class Refusal extends Error {
  readonly problem: RegexProblem

  constructor (problem: RegexProblem) {
    super(problem.reason)
    this.problem = problem
  }
}

const escapes: Readonly<Record<string, readonly [reason: string, mend: string]>> = {
  A: ['\\A is not known to JavaScript', 'leave it out: a path regex always starts at the start; elsewhere write ^'],
  z: ['\\z is not known to JavaScript', 'write $'],
  Z: ['\\Z is not known to JavaScript', 'write $'],
  G: ['\\G is not known to JavaScript', 'leave it out'],
  K: ['\\K is not known to JavaScript', 'use a look-behind, (?<=…)'],
  Q: ['\\Q…\\E is not known to JavaScript', 'escape each special character with a back-slash'],
  E: ['\\Q…\\E is not known to JavaScript', 'escape each special character with a back-slash'],
  h: ['\\h is not known to JavaScript', 'write [ \\t]'],
  H: ['\\H is not known to JavaScript', 'write [^ \\t]'],
  v: ['\\v is one character in JavaScript and a class in PCRE', 'write [\\n\\r\\f]'],
  V: ['\\V is not known to JavaScript', 'write [^\\n\\r\\f]'],
  R: ['\\R is not known to JavaScript', 'write (?:\\r\\n|[\\n\\r])'],
  N: ['\\N is not known to JavaScript', 'write [^\\n]'],
  X: ['\\X is not known to JavaScript', 'write a class'],
  C: ['\\C is not known to JavaScript', 'write a class'],
  a: ['\\a is not known to JavaScript', 'write \\x07'],
  e: ['\\e is not known to JavaScript', 'write \\x1b'],
  o: ['\\o is not known to JavaScript', 'write \\xHH'],
  g: ['a reference to a group means something else in each engine', 'repeat the group\'s pattern'],
  k: ['a reference to a group means something else in each engine', 'repeat the group\'s pattern'],
  '<': ['\\< is a word boundary in one engine and a character in another', 'write <, or \\b for the boundary'],
  '>': ['\\> is a word boundary in one engine and a character in another', 'write >, or \\b for the boundary']
}

/** What may follow `(?`, first match counts; the second part is what it is called. */
const groups: readonly (readonly [RegExp, string, string])[] = [
  [/^\(\?>/, 'an atomic group is not known to JavaScript', 'write (?:…)'],
  [/^\(\?\|/, 'a branch reset is not known to JavaScript', 'write (?:…) and give each group its own name'],
  [/^\(\?#/, 'a comment inside a regex is not known to JavaScript', 'write a YAML comment'],
  [/^\(\?P?'/, 'this way to name a group is not known to JavaScript', 'write (?<name>…)'],
  [/^\(\?P=/, 'a reference to a group means something else in each engine', 'repeat the group\'s pattern'],
  [/^\(\?(?:R|[+-]?\d|&|P>)/, 'recursion is not known to JavaScript', 'repeat the group\'s pattern'],
  [/^\(\?\(/, 'a conditional is not known to JavaScript', 'write alternatives'],
  [/^\(\?[imnsxUJ^-]+[:)]/, 'inline flags are not known to every supported Node', 'write the class of letters, such as [aA]'],
  [/^\(\*/, 'a verb is not known to JavaScript', 'leave it out'],
  [/^\(\?P?</, 'the name of a group is made of ASCII letters, digits and _', 'rename the group']
]

/**
 * Cuts a pattern (without `~`) into tokens; joined, their sources are the JavaScript for the `u` flag.
 *
 * @returns the first problem from the left where there is one
 */
export function readRegex (pattern: string): Token[] | RegexProblem {
  try {
    return readTokens(pattern)
  } catch (error) {
    if (error instanceof Refusal) return error.problem
    throw error
  }
}

function readTokens (pattern: string): Token[] {
  const names = new Set<string>()
  const open: number[] = []
  const tokens: Token[] = []
  for (let index = 0; index < pattern.length;) {
    const token = readToken(pattern, index, names)
    if (token.kind === 'open') open.push(index)
    // or the pattern would close the group that anchors it: /a)|(b
    if (token.kind === 'close' && open.pop() === undefined) refuse(index, 1, 'this ) closes no group', 'write \\) for the character')
    tokens.push(token)
    index = token.end
  }
  const unclosed = open.at(-1)
  if (unclosed !== undefined) refuse(unclosed, 1, 'this ( is not closed', 'write ) at its end, or \\( for the character')
  return tokens
}

function readToken (pattern: string, index: number, names: Set<string>): Token {
  const character = String.fromCodePoint(pattern.codePointAt(index) ?? 0)
  const end = index + character.length
  switch (character) {
    case '\\': return readEscape(pattern, index)
    case '[': return readClass(pattern, index)
    case '(': return readGroup(pattern, index, names)
    case '*': case '+': case '?': case '{': return readQuantifier(pattern, index)
    case '|': return { kind: 'alternation', source: '|', end }
    case '.': return { kind: 'other', source: '[^\\n]', end }
    case ')': return { kind: 'close', source: ')', end }
    case '^': case '$': return { kind: 'other', source: character, end }
    case '}': case ']': return refuse(index, 1, `a lone ${character} means something else in each engine`, `write \\${character}`)
    default: return { kind: 'literal', source: character, text: character, end }
  }
}

function readEscape (pattern: string, index: number): Token {
  const character = pattern[index + 1]
  if (character === undefined) return refuse(index, 1, 'a back-slash at the end escapes nothing', 'write \\\\ for a back-slash')
  const known = escapes[character]
  if (known !== undefined) return refuse(index, 2, ...known)
  if (/[1-9]/.test(character)) return refuse(index, 2, 'a reference to a group means something else in each engine', 'repeat the group\'s pattern')
  if (/[dDwWsSbBnrtf]/.test(character)) return { kind: 'other', source: `\\${character}`, end: index + 2 }
  const [long] = /^\\(?:[pP]\{[^{}]*\}|u\{[\da-fA-F]+\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|c[a-zA-Z]|0(?!\d))/.exec(pattern.slice(index)) ?? []
  if (long !== undefined) return { kind: 'other', source: long, end: index + long.length }
  if (/[pP]/.test(character)) return refuse(index, 2, `\\${character} without braces is not known to JavaScript`, `write \\${character}{L}`)
  if (!/[!-/:-@[-`{-~ ]/.test(character)) return refuse(index, 2, `\\${character} is not known to every engine`, 'write the character itself, or \\xHH')
  const source = /[\^$\\.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character
  return { kind: 'literal', source, text: character, end: index + 2 }
}

function readClass (pattern: string, start: number): Token {
  let index = start + (pattern[start + 1] === '^' ? 2 : 1)
  if (pattern[index] === ']') return refuse(start, index + 1 - start, 'a ] right after [ ends the class in JavaScript and is a character elsewhere', 'write \\]')
  let source = pattern.slice(start, index)
  let afterSet = false
  for (;;) {
    const character = pattern[index]
    if (character === undefined) return refuse(start, 1, 'the class is not closed', 'write ] at its end, or \\[ for the character')
    const two = pattern.slice(index, index + 2)
    if (character === ']') return { kind: 'other', source: `${source}]`, end: index + 1 }
    if (/\[[:.=]/.test(two)) return refuse(index, 2, 'a POSIX class is not known to JavaScript', 'write its characters, such as a-zA-Z for [:alpha:]')
    if (character === '[') return refuse(index, 1, 'a [ inside a class means something else in each engine', 'write \\[')
    if (/&&|--|~~/.test(two)) return refuse(index, 2, `${two} inside a class means something else in each engine`, `write ${two[0]} once, or with back-slashes`)
    if (afterSet && character === '-' && two !== '-]') return refuse(index, 1, 'a range can\'t start at a set of characters', 'write \\- for the hyphen')
    const token = character === '\\' ? readEscape(pattern, index) : null
    afterSet = token !== null && /^\\[dDwWsSpP]/.test(token.source)
    // in a class a hyphen needs its back-slash, which the escape outside has lost
    source += token === null ? character : token.text === '-' ? '\\-' : token.source
    index = token === null ? index + 1 : token.end
  }
}

function readGroup (pattern: string, index: number, names: Set<string>): Token {
  const text = pattern.slice(index)
  const [plain] = /^\((?![?*])|^\(\?(?:[:=!]|<[=!])/.exec(text) ?? []
  if (plain !== undefined) return { kind: 'open', source: plain, end: index + plain.length }
  const [named, name] = /^\(\?P?<(\w*)>/.exec(text) ?? []
  if (named !== undefined && name !== undefined) {
    if (!/^[a-zA-Z_]/.test(name)) return refuse(index, named.length, 'the name of a group must start with a letter or _', 'rename the group')
    if (names.has(name)) return refuse(index, named.length, `the name ${name} is taken by another group`, 'rename one of them')
    names.add(name)
    return { kind: 'open', source: `(?<${name}>`, end: index + named.length }
  }
  for (const [form, reason, mend] of groups) {
    const [found] = form.exec(text) ?? []
    if (found !== undefined) return refuse(index, found.length, reason, mend)
  }
  return refuse(index, 2, 'this group is not known to JavaScript', 'write (?:…)')
}

function readQuantifier (pattern: string, index: number): Token {
  const [quantifier] = /^(?:[*+?]|\{\d+(?:,\d*)?\})\??/.exec(pattern.slice(index)) ?? []
  if (quantifier === undefined) return refuse(index, 1, 'a { that starts no {n,m} means something else in each engine', 'write \\{, or (?<name>[^/]+) for a part of the path')
  const end = index + quantifier.length
  if (pattern[end] === '+') return refuse(index, quantifier.length + 1, 'a possessive quantifier is not known to JavaScript', `write ${quantifier}`)
  return { kind: 'quantifier', source: quantifier, end }
}

function refuse (index: number, length: number, reason: string, mend: string): never {
  throw new Refusal({ index, length, reason, mend })
}
