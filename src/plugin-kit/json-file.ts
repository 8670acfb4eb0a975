import type { CheckContext } from '../plugin-contract.ts'
import { readNamedFile } from './named-file.ts'

/** A text that is no JSON, or a file that can't be read. The message says where, and nothing of the content. */
export class JsonFileError extends Error {
  constructor (message: string) {
    super(message)
    this.name = 'JsonFileError'
  }
}

/** A JSON file with the lines of what is in it. */
export interface JsonFile {
  readonly text: string
  readonly value: unknown
  /** Of the value at these steps, or of the nearest one around it; from 1. */
  lineOf (path: ReadonlyArray<string | number>): number
}

// RFC 8259 section 7: control characters are escaped
// eslint-disable-next-line no-control-regex
const TOKEN = /\s*(?:([{}[\]:,])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null))/y
/** Files that people write are not deeper. */
const DEEPEST = 200

/**
 * Reads a file that an option names, for `check`.
 *
 * @param directory where relative names start
 * @param reads is told of it
 * @throws JsonFileError `name:line: what is wrong`
 */
export function readJsonFile (directory: string, name: string, reads?: CheckContext['reads']): JsonFile {
  let text: string
  try {
    text = readNamedFile(directory, name, reads).toString()
  } catch (error) {
    throw new JsonFileError(`'${name}' can't be read (${(error as NodeJS.ErrnoException).code ?? 'no code'})`)
  }
  const wrong = scan(text)
  if (wrong !== null) throw new JsonFileError(`${name}:${lineAt(text, wrong.at)}: ${wrong.what}`)
  return {
    text,
    value: JSON.parse(text),
    lineOf (path) {
      // asked of a file in which something is wrong: others don't pay for it
      const lines = new Map<string, number>()
      scan(text, (steps, at) => { lines.set(JSON.stringify(steps), at) })
      for (let length = path.length; length > 0; length--) {
        const at = lines.get(JSON.stringify(path.slice(0, length)))
        if (at !== undefined) return lineAt(text, at)
      }
      return 1
    }
  }
}

function lineAt (text: string, at: number): number {
  let line = 1
  for (let index = text.indexOf('\n'); index !== -1 && index < at; index = text.indexOf('\n', index + 1)) line++
  return line
}

/** Walks through the text. @returns where it is no JSON, or has a member twice; null: nowhere */
function scan (text: string, found?: (path: ReadonlyArray<string | number>, at: number) => void): { readonly at: number, readonly what: string } | null {
  let at = 0
  let token = ''
  let begun = 0
  const next = (): string => {
    TOKEN.lastIndex = at
    const match = TOKEN.exec(text)
    token = match === null ? '' : match[1] ?? match[2] ?? match[3] as string
    begun = match === null ? at + (text.slice(at).match(/^\s*/)?.[0].length ?? 0) : TOKEN.lastIndex - token.length
    if (match !== null) at = TOKEN.lastIndex
    return token
  }
  const bad = (what = 'this is no JSON'): { at: number, what: string } => ({ at: begun, what })

  function value (path: ReadonlyArray<string | number>): ReturnType<typeof scan> {
    if (path.length > DEEPEST) return bad('this is too deep')
    found?.(path, begun)
    if (token === '{') return members(path)
    if (token === '[') return items(path)
    return token === '' || '}]:,'.includes(token) ? bad() : null
  }

  function members (path: ReadonlyArray<string | number>): ReturnType<typeof scan> {
    const names = new Set<string>()
    if (next() === '}') return null
    for (;; next()) {
      if (!token.startsWith('"')) return bad()
      const name = JSON.parse(token) as string
      if (names.has(name)) return bad('this member stands twice')
      names.add(name)
      if (next() !== ':') return bad()
      next()
      const wrong = value([...path, name])
      if (wrong !== null) return wrong
      if (next() === '}') return null
      if (token !== ',') return bad()
    }
  }

  function items (path: ReadonlyArray<string | number>): ReturnType<typeof scan> {
    if (next() === ']') return null
    for (let index = 0; ; index++, next()) {
      const wrong = value([...path, index])
      if (wrong !== null) return wrong
      if (next() === ']') return null
      if (token !== ',') return bad()
    }
  }

  next()
  const wrong = value([])
  if (wrong !== null) return wrong
  const rest = /\S/.exec(text.slice(at))
  return rest === null ? null : { at: at + rest.index, what: 'nothing may follow' }
}
