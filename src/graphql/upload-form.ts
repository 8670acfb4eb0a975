import { MultipartForm } from '../plugin-kit/multipart-form.ts'
import { isParameter } from './members.ts'
import { badRequest } from './refusal.ts'

const BOUNDARY = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i

/**
 * The operations of a form with files (GraphQL multipart request specification): JSON, as bytes.
 *
 * Strict where readers of forms differ: how names are written, where parts begin, and which of two counts.
 */
export function operationsOf (body: Buffer, contentType: string): Buffer {
  const text = body.toString('latin1')
  const match = BOUNDARY.exec(contentType)
  const form = MultipartForm.parse(text, contentType)
  if (form === null || match === null) throw badRequest('The form can\'t be read')
  // parts whose name or content is encoded again
  if (/content-transfer-encoding|name\*|_charset_/i.test(text)) throw badRequest('The form is written unusually')
  const names = form.entries().map(([name]) => name)
  // a reader that takes LF for the end of a line sees more parts
  if (text.split(`--${match[1] ?? match[2]}`).length !== names.length + 2) throw badRequest('The boundary of the form stands inside of a part')
  if (names[0] !== 'operations') throw badRequest('The first part of the form is `operations`')
  if (names.slice(1).some(name => /^operations\W*$/i.test(name) || isParameter(name))) throw badRequest('The form says twice what is asked')
  return Buffer.from(form.entries()[0]?.[1] ?? '', 'latin1')
}
