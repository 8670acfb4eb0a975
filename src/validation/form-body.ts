import { isUtf8 } from 'node:buffer'
import { MultipartForm } from '../plugin-kit/multipart-form.ts'
import type { JsonReader, JsonReading } from './json-reader.ts'
import { valueOf, type Shape } from './shape.ts'
import { unescapeText } from './styles.ts'

/** How forms are read. */
export interface FormOptions {
  readonly shape: Shape
  /** Fields of a form. */
  readonly most: number
  /** Reads the fields that hold objects. */
  readonly readJson: JsonReader
}

interface Field {
  readonly name: string
  readonly text: string
}

/**
 * Reads an urlencoded form as an object: texts become numbers and so on where the schema says so, fields that stand several
 * times a list where the schema has one.
 */
export function readForm (body: Buffer, options: FormOptions): JsonReading {
  const { most } = options
  const fields: Field[] = []
  const pieces = body.toString('latin1').split('&', most + 1)
  if (pieces.length > most) return failed('totalMembers')
  for (const piece of pieces) {
    // as all readers do (WHATWG URL section 5.1): `a=1&` has one field
    if (piece === '') continue
    const equals = piece.indexOf('=')
    const name = unescapeText(equals === -1 ? piece : piece.slice(0, equals), true)
    const text = equals === -1 ? '' : unescapeText(piece.slice(equals + 1), true)
    if (name === null || text === null) return failed('encoding')
    fields.push({ name, text })
  }
  return collect(fields, options)
}

/** Reads a multipart form. What servers read in different ways is no form: parts without name, or encoded once more. */
export function readMultipart (body: Buffer, contentType: string, options: FormOptions): JsonReading {
  const written = body.toString('latin1')
  const form = MultipartForm.parse(written, contentType)
  if (form === null) return failed('syntax')
  const parts = form.parts()
  // one for each part, and the last
  if (form.delimiters(written) !== parts.length + 1) return failed('syntax')
  if (parts.length > options.most) return failed('totalMembers')
  const fields: Field[] = []
  for (const { name, header, content, file } of parts) {
    if (name === null || name === '' || /^content-transfer-encoding[ \t]*:|;\s*(?:file)?name\*/im.test(header)) return failed('syntax')
    // the first counts here, the last elsewhere
    if ((header.match(/^content-disposition/gim)?.length ?? 0) > 1 || (header.match(/;\s*name\s*=/gi)?.length ?? 0) > 1) return failed('syntax')
    const bytes = Buffer.from(content, 'latin1')
    const label = Buffer.from(name, 'latin1')
    if (!isUtf8(label) || !(file || isUtf8(bytes))) return failed('encoding')
    fields.push({ name: label.toString(), text: file ? content : bytes.toString() })
  }
  return collect(fields, options)
}

function collect (fields: readonly Field[], { shape: { properties }, readJson }: FormOptions): JsonReading {
  let values = fields.length + 1
  // without a prototype: a client may call a field anything
  const object = Object.create(null) as Record<string, unknown>
  for (const { name, text } of fields) {
    const shape = properties.get(name)
    const list = shape?.types.has('array') === true
    if (list) {
      const known = object[name] as unknown[] | undefined
      if (known === undefined) object[name] = [valueOf(text, shape.items)]
      else known.push(valueOf(text, shape.items))
    } else if (name in object) {
      return failed('duplicate')
    } else if (shape?.types.has('object') === true) {
      // an object in a field is JSON (OpenAPI 3.1 section 4.8.15.1), and within the same limits; what is none stays a text
      const reading = readJson(Buffer.from(text))
      if (reading.fault !== null && reading.fault !== 'syntax') return failed(reading.fault)
      object[name] = reading.fault === null ? reading.value : text
      values += reading.values
    } else {
      object[name] = valueOf(text, shape)
    }
  }
  return { fault: null, value: object, values }
}

function failed (fault: JsonReading['fault']): JsonReading {
  return { fault, value: undefined, values: 0 }
}
