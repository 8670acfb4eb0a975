import { ArgumentList, JsonMembers, MultipartForm, toBytes } from '../../src/plugin.ts'

/** Fields of a body by name. */
export interface BodyFields {
  /** Values of this name, as bytes; null for one that is no text. */
  getAll (name: string): Array<string | null>
  /** The body without the fields of this name; null where it can't be written. */
  without (name: string): Buffer | null
}

/** Reads a body that has fields; null for one that has none, or can't be read. */
export function readFields (body: Buffer, contentType: string): BodyFields | null {
  const type = contentType.toLowerCase()
  if (type.includes('application/json')) return readJson(body.toString())
  if (type.includes('multipart/form-data')) return readMultipart(body.toString('latin1'), contentType)
  if (type.includes('application/x-www-form-urlencoded')) return readForm(body.toString('latin1'))
  return null
}

function readJson (text: string): BodyFields | null {
  const members = JsonMembers.parse(text)
  if (members === null) return null
  const values = JSON.parse(text) as Record<string, unknown>
  return {
    getAll (name) {
      if (!Object.hasOwn(values, name)) return []
      const value = values[name]
      // a list is several values, as it is to Kong
      return (Array.isArray(value) ? [null, null] : [value]).map(item => typeof item === 'string' ? toBytes(item) : null)
    },
    without (name) {
      members.remove(name)
      return Buffer.from(members.toString())
    }
  }
}

function readForm (text: string): BodyFields {
  const list = ArgumentList.parse(text)
  return {
    getAll: name => list.getAll(name),
    without (name) {
      list.remove(name)
      return Buffer.from(list.toString(), 'latin1')
    }
  }
}

function readMultipart (text: string, contentType: string): BodyFields | null {
  const form = MultipartForm.parse(text, contentType)
  if (form === null) return null
  return {
    getAll: name => form.getAll(name),
    without (name) {
      form.remove(name)
      const bytes = form.toBytes()
      return bytes === null ? null : Buffer.from(bytes, 'latin1')
    }
  }
}
