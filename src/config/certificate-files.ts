import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { readRegular } from '../files/read-regular.ts'
import { withLines } from '../tls/pem.ts'
import type { RawEntity } from './collect.ts'
import { join } from './pointer.ts'
import type { Report } from './report.ts'
import type { Source } from './source.ts'

/** A file beside gateway.yaml whose content is a part of the configuration. */
export interface ReadFile {
  /** Absolute. */
  readonly path: string
  /** SHA-256 of its content in hex; '' for one that can't be read. */
  readonly hash: string
}

/** Fields that can hold a text or, with `_file` behind their names, the name of a file that holds it. */
const TEXTS = ['cert', 'key']

/** Larger ones are something else. */
const LARGEST = 1_048_576

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'the gateway may not read it',
  EISDIR: 'it is a folder',
  EFBIG: 'it is larger than 1 MiB'
}

/**
 * Reads the files that certificates name, and gives each entity what its fields come to.
 *
 * @param directory of gateway.yaml
 * @returns all files that were named, also those that can't be read: they may come
 */
export async function readCertificateFiles (entities: readonly RawEntity[], directory: string, source: Source, report: Report): Promise<ReadFile[]> {
  const files = new Map<string, ReadFile>()
  for (const entity of entities) {
    if ((entity.kind !== 'certificate' && entity.kind !== 'ca_certificate') || typeof entity.fields !== 'object' || entity.fields === null) continue
    const contents: Record<string, string> = {}
    for (const [field, name] of Object.entries(entity.fields)) {
      if (typeof name !== 'string' || name === '') continue
      if (TEXTS.includes(field)) contents[field] = withLines(name)
      if (!field.endsWith('_file')) continue
      const path = resolve(directory, name)
      const bytes = await content(path)
      files.set(path, readFileOf(path, typeof bytes === 'string' ? null : bytes))
      if (typeof bytes === 'string') {
        report.at(source, join(entity.pointer, field), { rule: 'unreadable-file', cause: `the file can't be read: ${bytes}`, mend: 'Correct the name, which starts at the folder of this file, or put the file there.' })
      } else if (field === 'ocsp_file') {
        contents['ocsp'] = bytes.toString('base64')
      } else {
        const text = bytes.toString('utf8')
        contents[field.slice(0, -'_file'.length)] = text
        if (field.startsWith('key')) source.addSecretText(text)
      }
    }
    entity.contents = contents
  }
  return [...files.values()]
}

/** @param content null: it can't be read */
export function readFileOf (path: string, content: string | Buffer | null): ReadFile {
  return { path, hash: content === null ? '' : createHash('sha256').update(content).digest('hex') }
}

/** What a file holds, or why it can't be read. */
async function content (path: string): Promise<Buffer | string> {
  try {
    return await readRegular(path, LARGEST)
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    return REASONS[code] ?? code
  }
}
