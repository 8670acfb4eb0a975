import type { Editable } from './edits.ts'

interface Part {
  name: string | null
  /** Header and content as they came, with their line ends: everything between two delimiters. */
  text: string
}

/** RFC 2046 section 5.1.1: at most 70 of these, no blank at the end. */
const BOUNDARY = /^multipart\/form-data\b.*?;\s*boundary=(?:"([\w'()+,./:=? -]{0,69}[\w'()+,./:=?-])"|([\w'+.-]{1,70}))\s*(?:;|$)/i

/** The field that names a part; a folded one goes on over line ends (RFC 2046 takes RFC 822's header). */
const DISPOSITION = /^content-disposition:[ \t]*form-data(?=[\s;])(?:[^\r\n]|\r\n[ \t])*/im

/** One parameter of it: the quoted form may hold semicolons, and file names do. */
const PARAMETER = /;\s*([^\s=;]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]*))/g

/**
 * The parts of a `multipart/form-data` body (RFC 7578), as bytes. Parts that nobody touches go on byte for byte, files
 * included: no library that was looked at can write back what it has read.
 */
export class MultipartForm implements Editable<string> {
  readonly #boundary: string
  #parts: Part[]

  private constructor (boundary: string, parts: Part[]) {
    this.#boundary = boundary
    this.#parts = parts
  }

  /**
   * @param body bytes; '' for a form without parts
   * @returns null when there is no boundary or the body isn't cut by it
   */
  static parse (body: string, contentType: string): MultipartForm | null {
    // a second one, or one inside of a quoted value: readers choose in different ways
    if (contentType.match(/boundary[\s\d*]*=/gi)?.length !== 1) return null
    const match = BOUNDARY.exec(contentType)
    const boundary = match?.[1] ?? match?.[2]
    if (boundary === undefined) return null
    if (body === '') return new MultipartForm(boundary, [])
    // the delimiter owns the line end before it; a preamble and an epilogue mean nothing and are dropped
    const sections = `\r\n${body}`.split(`\r\n--${boundary}`)
    const end = sections.findIndex((section, index) => index > 0 && section.startsWith('--'))
    if (end === -1) return null
    const parts: Part[] = []
    for (const section of sections.slice(1, end)) {
      const start = /^[ \t]*\r\n/.exec(section)
      if (start === null) return null
      const text = section.slice(start[0].length)
      parts.push({ name: nameOf(text), text })
    }
    return new MultipartForm(boundary, parts)
  }

  /** How often the delimiter stands in a text, wherever: a reader that takes LF for the end of a line cuts there, too. */
  delimiters (body: string): number {
    return body.split(`--${this.#boundary}`).length - 1
  }

  /** Contents of all parts of this name, in order. */
  getAll (name: string): string[] {
    return this.#parts.filter(part => part.name === name).map(({ text }) => text.slice(endOfHeader(text) + 4))
  }

  /** Names and contents of all parts, in order; '' for a part without a name. */
  entries (): Array<readonly [name: string, content: string]> {
    return this.#parts.map(({ name, text }) => [name ?? '', text.slice(endOfHeader(text) + 4)])
  }

  /** All parts, in order, as bytes. `file`: it has a file name. */
  parts (): Array<{ readonly name: string | null, readonly header: string, readonly content: string, readonly file: boolean }> {
    return this.#parts.map(({ name, text }) => {
      const end = endOfHeader(text)
      const header = text.slice(0, end)
      return { name, header, content: text.slice(end + 4), file: parameterOf(header, 'filename') !== null }
    })
  }

  has (name: string): boolean {
    return this.#parts.some(part => part.name === name)
  }

  remove (name: string): boolean {
    const before = this.#parts.length
    this.#parts = this.#parts.filter(part => part.name !== name)
    return this.#parts.length !== before
  }

  /** A file keeps its file name and type. */
  rename (from: string, to: string): void {
    this.remove(to)
    for (const part of this.#parts) {
      if (part.name !== from) continue
      const end = endOfHeader(part.text)
      part.name = to
      part.text = part.text.slice(0, end).replace(DISPOSITION, field => renameIn(field, to)) + part.text.slice(end)
    }
  }

  set (name: string, value: string): void {
    const part = this.#parts.find(part => part.name === name)
    if (part === undefined) {
      this.append(name, value)
      return
    }
    part.text = simplePart(name, value)
    this.#parts = this.#parts.filter(other => other === part || other.name !== name)
  }

  append (name: string, value: string): void {
    this.#parts.push({ name, text: simplePart(name, value) })
  }

  /**
   * @returns null when a value holds the boundary: the upstream would read other parts than were written
   */
  toBytes (): string | null {
    const delimiter = `--${this.#boundary}`
    if (this.#parts.some(part => `\r\n${part.text}`.includes(`\r\n${delimiter}`))) return null
    return this.#parts.map(part => `${delimiter}\r\n${part.text}\r\n`).join('') + `${delimiter}--\r\n`
  }
}

function nameOf (text: string): string | null {
  return parameterOf(text.slice(0, endOfHeader(text)), 'name')
}

function parameterOf (header: string, name: string): string | null {
  const field = DISPOSITION.exec(header)?.[0] ?? ''
  for (const [, parameter, quoted, token] of field.matchAll(PARAMETER)) {
    if (parameter?.toLowerCase() === name) return quoted === undefined ? token ?? '' : unescapeName(quoted)
  }
  return null
}

function renameIn (field: string, to: string): string {
  return field.replace(PARAMETER, (whole, parameter: string) => parameter.toLowerCase() === 'name' ? `; name="${escapeName(to)}"` : whole)
}

function endOfHeader (text: string): number {
  const end = text.startsWith('\r\n') ? 0 : text.indexOf('\r\n\r\n')
  return end === -1 ? text.length : end
}

function simplePart (name: string, value: string): string {
  return `Content-Disposition: form-data; name="${escapeName(name)}"\r\n\r\n${value}`
}

/** As browsers do (WHATWG HTML, "multipart/form-data encoding algorithm"). */
function escapeName (name: string): string {
  return name.replace(/[\r\n"]/g, character => character === '"' ? '%22' : character === '\r' ? '%0D' : '%0A')
}

function unescapeName (quoted: string): string {
  return quoted
    .replace(/\\(["\\])/g, '$1')
    .replace(/%22|%0D|%0A/gi, triplet => String.fromCharCode(parseInt(triplet.slice(1), 16)))
}
