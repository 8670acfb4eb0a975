import type { CheckContext } from '../plugin-contract.ts'
import { parseYaml } from '../config/yaml/parse.ts'
import { split } from '../config/pointer.ts'
import { Source } from '../config/source.ts'
import { expandsTooFar, toValue } from '../config/yaml/values.ts'
import { readNamedFile } from '../plugin-kit/named-file.ts'

/** A text of YAML or JSON with the places of its values. */
export interface Document {
  /** As messages name it. */
  readonly name: string
  readonly value: unknown
  /** `name:line:column` of what a JSON pointer leads to. */
  place (pointer: string): string
}

/** A document that can't be used: the message says where and why. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError'
  readonly mend: string

  constructor (message: string, mend: string) {
    super(message)
    this.mend = mend
  }
}

/**
 * Reads a file that the configuration names.
 *
 * @param directory where relative names start
 * @param reads is told of it
 * @throws DocumentError
 */
export function readDocument (directory: string, file: string, reads?: CheckContext['reads']): Document {
  let bytes: Buffer
  try {
    bytes = readNamedFile(directory, file, reads)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new DocumentError(`the file '${file}' can't be read: ${code === 'ENOENT' ? 'there is none' : code ?? 'unknown reason'}`, 'Write the name of a file, from the folder of the file that names it.')
  }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new DocumentError(`the file '${file}' is not UTF-8 text`, 'Save it as UTF-8.')
  }
  return parseDocument(text, file)
}

/**
 * YAML 1.2, of which JSON is a part.
 *
 * @throws DocumentError
 */
export function parseDocument (text: string, name: string): Document {
  const { root, problems } = parseYaml(text.replace(/^\uFEFF/, ''))
  const source = new Source(name, text, root)
  const place = (start: number, end: number): string => {
    const { line, column } = source.lines.range(start, end)
    return `${name}:${line}:${column}`
  }
  const [problem] = problems
  if (problem !== undefined) throw new DocumentError(`${place(problem.start, problem.end)}: ${problem.cause}`, problem.mend)
  if (root === null) throw new DocumentError(`${name} is empty`, 'Write a schema into it.')
  const bomb = expandsTooFar(root)
  if (bomb !== undefined) throw new DocumentError(`${place(bomb.start, bomb.end)}: aliases expand to too much`, 'Use fewer aliases.')
  return {
    name,
    value: toValue(root),
    place (pointer) {
      const { line, column } = source.locate(pointer)
      return `${name}:${line}:${column}`
    }
  }
}

/** What a pointer leads to; undefined: nothing. */
export function valueAt (root: unknown, pointer: string): unknown {
  let value = root
  for (const token of split(pointer)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, token)) return undefined
    value = (value as Readonly<Record<string, unknown>>)[token]
  }
  return value
}
