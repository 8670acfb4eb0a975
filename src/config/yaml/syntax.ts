import type { YAMLException } from 'js-yaml'
import type { Problem } from './parsed.ts'
import { DECK_EXAMPLE } from '../references/deck-example.ts'

/** What the YAML parser says, in our words, and what to do about it. The first pattern that fits decides. */
const MESSAGES: ReadonlyArray<readonly [pattern: RegExp, cause: string, mend: string]> = [
  [/^tab characters/, 'a tab indents this line', 'Indent with spaces: YAML doesn\'t accept tabs there.'],
  [/^bad indentation of a mapping entry/, 'this fits no map above it', 'Align it with the keys of its map; a value that contains `: ` needs quotes.'],
  [/^bad indentation of a sequence entry/, 'this line fits no list above it', 'Align it: a `-` with those of its list, a key with the keys of its item.'],
  [/^deficient indentation/, 'a quote, bracket or brace is still open where this line starts', 'Close it, or indent this line further than the key that it belongs to.'],
  [/^missed comma/, 'a comma is missing between two entries in brackets', 'Put a comma between them, or quotes around a text that contains brackets, braces or quotes.'],
  [/^expected the node content, but found ','/, 'there is nothing in front of this comma', 'Remove the comma, or write the value.'],
  [/^expected ':' after a mapping key/, 'a `:` is missing after this key', 'Write `key: value`; a value that goes over several lines needs quotes or `|`.'],
  [/^a whitespace character is expected after the key-value separator/, 'a blank is missing after this `:`', 'Write `key: value`, with a blank after the colon.'],
  [/multiline key may not be an implicit key/, 'a `:` is missing after this key', 'Write `key: value` on one line.'],
  [/within a flow collection/, 'a bracket or brace is never closed', 'Close it with `]` or `}`; a text that contains one needs quotes.'],
  [/within a (single|double) quoted scalar/, 'a quote is never closed', 'Close the quote; inside single quotes write \'\' for one.'],
  [/^unknown escape sequence/, 'this is no escape sequence of a double-quoted text', 'Use single quotes, where `\\` means itself, or write `\\\\`.'],
  [/^expected hexadecimal character/, 'this escape sequence needs hexadecimal digits', 'Use single quotes, where `\\` means itself, or write `\\\\`.'],
  [/non-printable characters|null byte|valid JSON character/, 'a control character stands here', 'Remove it; in double quotes it can be written as an escape (`\\t`, `\\x01`).'],
  [/^nesting exceeded/, 'the values are nested more than 100 deep', 'Flatten the file.'],
  [/a document separator is expected/, 'this doesn\'t belong to the value above it', 'Check the indentation of this line.']
]

/** Where and why a text is no YAML. */
export function syntaxProblem (text: string, error: YAMLException): Problem {
  const offset = Math.min(error.mark?.position ?? 0, text.length)
  const [, cause, mend] = MESSAGES.find(([pattern]) => pattern.test(error.reason)) ??
    [null, error.reason, 'Check quotes, brackets and indentation around this place.']
  const above = /multiline key|^bad indentation of a mapping entry/.test(error.reason) ? lineAbove(text, offset) : undefined
  if (above !== undefined) return { rule: 'yaml-syntax', ...above, pointer: '', cause: 'a `:` is missing at the end of this line', mend: `Write \`${text.slice(above.start, above.end)}:\`.` }
  return { rule: 'yaml-syntax', ...spot(text, offset), pointer: '', cause, mend: special(text, offset) ?? mend }
}

/** A key of one word without its colon goes on in the next line, where the parser notices: the place is the word. */
function lineAbove (text: string, offset: number): { start: number, end: number } | undefined {
  const next = text.lastIndexOf('\n', offset - 1) + 1
  const end = text.slice(0, next).trimEnd().length
  const from = text.lastIndexOf('\n', end - 1) + 1
  const word = /^ *(?:- +)*([\w.-]+)$/.exec(text.slice(from, end))?.[1]
  const indent = /^ */.exec(text.slice(next))?.[0].length ?? 0
  return word === undefined || indent <= end - word.length - from ? undefined : { start: end - word.length, end }
}

/** The place itself: one character, or the last one of the text where the parser ran out of it. */
function spot (text: string, offset: number): { start: number, end: number } {
  if (offset < text.length && text[offset] !== '\n' && text[offset] !== '\r') return { start: offset, end: offset + 1 }
  const start = text.slice(0, offset).trimEnd().length
  return { start: Math.max(0, start - 1), end: Math.max(1, start) }
}

/** Mistakes that people make with references, and with characters that YAML keeps for itself. */
function special (text: string, offset: number): string | undefined {
  const from = text.lastIndexOf('\n', offset - 1) + 1
  const to = text.indexOf('\n', offset)
  const line = text.slice(from, to === -1 ? text.length : to)
  if (line.includes('${{')) return `Put single quotes around a text with a reference in it: '${DECK_EXAMPLE}'.`
  if (/:\s+[@`%]/.test(line)) return 'Put quotes around a text that starts with `@`, `%` or a back-quote.'
  if (/:\s+\*/.test(line)) return 'Put quotes around a text that starts with `*`: without them it is an alias.'
  return undefined
}
