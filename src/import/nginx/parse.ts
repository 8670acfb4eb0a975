/** nginx's configuration language: words, quotes, blocks and comments, with the line of each directive. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import type { Place } from '../draft.ts'
import { ImportError } from '../import-error.ts'

export interface Directive {
  readonly name: string
  readonly args: readonly string[]
  /** null for one that ends with a semicolon. */
  readonly block: readonly Directive[] | null
  readonly place: Place
}

interface Token {
  readonly text: string
  readonly quoted: boolean
  readonly line: number
}

/** Included files that hold tables of nginx's own. */
const TABLES: ReadonlySet<string> = new Set(['mime.types', 'fastcgi_params', 'fastcgi.conf', 'uwsgi_params', 'scgi_params', 'koi-win', 'koi-utf', 'win-utf'])

const MAX_DEPTH = 20

/** A back-slash in front of these is taken off, in quotes and without. */
const ESCAPED: ReadonlySet<string | undefined> = new Set(['"', "'", '\\'])

/**
 * @param path absolute; includes start at its folder
 * @param shown what the user calls it
 * @throws {ImportError} for a text that nginx would not read, or an include that leads in circles
 */
export function parseNginx (text: string, path: string, shown: string): Directive[] {
  return new Reader(dirname(path), dirname(shown)).file(text, shown, 0)
}

class Reader {
  readonly #root: string
  readonly #shownRoot: string

  constructor (root: string, shownRoot: string) {
    this.#root = root
    this.#shownRoot = shownRoot
  }

  file (text: string, file: string, depth: number): Directive[] {
    const tokens = tokenize(text, file)
    let position = 0
    const block = (inside: boolean): Directive[] => {
      const directives: Directive[] = []
      for (;;) {
        const first = tokens[position]
        if (first === undefined) {
          if (inside) throw new ImportError(`${file}: a block isn't closed: \`}\` is missing.`)
          return directives
        }
        if (is(first, '}')) {
          if (!inside) throw new ImportError(`${file}:${first.line}: unexpected \`}\`.`)
          position++
          return directives
        }
        directives.push(...directive(first))
      }
    }
    const directive = (first: Token): Directive[] => {
      const words: Token[] = []
      for (;; position++) {
        const token = tokens[position]
        if (token === undefined || is(token, '}')) throw new ImportError(`${file}:${first.line}: \`${first.text}\` has no end: \`;\` is missing.`)
        if (is(token, ';') || is(token, '{')) break
        words.push(token)
      }
      const opens = is(tokens[position++] as Token, '{')
      const [name = '', ...args] = words.map(({ text }) => text)
      const place = { file, line: first.line }
      if (opens && name.includes('_by_lua')) throw new ImportError(`${file}:${first.line}: blocks of Lua can't be read: take them out, and import again.`)
      if (!opens && name === 'include') return this.#include(args[0] ?? '', place, depth)
      return [{ name, args, block: opens ? block(true) : null, place }]
    }
    return block(false)
  }

  #include (pattern: string, place: Place, depth: number): Directive[] {
    if (depth >= MAX_DEPTH) throw new ImportError(`${place.file}:${place.line}: files include each other.`)
    if (TABLES.has(basename(pattern))) return []
    const wild = /[*?[]/.test(pattern)
    const files = wild ? glob(resolve(this.#root, pattern)) : [resolve(this.#root, pattern)]
    return files.flatMap(file => {
      let text: string
      try {
        text = readFileSync(file, 'utf8')
      } catch {
        // what it says may protect: whoever walks the block finds it
        return [{ name: 'include', args: [pattern], block: null, place }]
      }
      return this.file(text, [this.#shownRoot === '.' ? '' : `${this.#shownRoot}/`, relative(this.#root, file)].join(''), depth + 1)
    })
  }
}

/** Wildcards in the last part of the path, as `conf.d/*.conf` has them; those elsewhere find nothing that can be read. */
function glob (pattern: string): string[] {
  const regex = new RegExp(`^${basename(pattern).replace(/[.+^${}()|\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')}$`)
  try {
    return readdirSync(dirname(pattern)).filter(name => regex.test(name)).sort().map(name => join(dirname(pattern), name))
  } catch {
    // the folder isn't here: nobody knows what would have been in it
    return [pattern]
  }
}

/** Marks of structure are never quoted. */
function is (token: Token, mark: string): boolean {
  return !token.quoted && token.text === mark
}

function tokenize (text: string, file: string): Token[] {
  const tokens: Token[] = []
  let line = 1
  let index = 0
  const skip = (): void => { if (text[index++] === '\n') line++ }
  while (index < text.length) {
    const character = text[index] as string
    if (/\s/.test(character)) skip()
    else if (character === '#') while (index < text.length && text[index] !== '\n') index++
    else if (character === ';' || character === '{' || character === '}') {
      tokens.push({ text: character, quoted: false, line })
      index++
    } else if (character === '"' || character === "'") {
      const start = line
      let word = ''
      for (skip(); text[index] !== character; skip()) {
        if (index >= text.length) throw new ImportError(`${file}:${start}: a quote isn't closed.`)
        if (text[index] === '\\' && ESCAPED.has(text[index + 1])) index++
        word += text[index]
      }
      index++
      tokens.push({ text: word, quoted: true, line: start })
    } else {
      let word = ''
      while (index < text.length && !/[\s;{]/.test(text[index] as string)) {
        if (text[index] === '\\') {
          const escape = text[index++]
          if (!ESCAPED.has(text[index])) word += escape
        }
        word += text[index++] ?? ''
        // ${name} belongs to the word
        if (word.endsWith('$') && text[index] === '{') while (index < text.length && !word.endsWith('}')) word += text[index++]
      }
      tokens.push({ text: word, quoted: false, line })
    }
  }
  return tokens
}
