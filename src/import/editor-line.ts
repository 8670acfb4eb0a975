import { existsSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const SCHEMA = 'node_modules/sallyport/schemas/gateway.schema.json'

/** First line of a written file: editors complete and check by the schema that it names. */
export function editorLine (directory: string): string {
  return `yaml-language-server: $schema=${installedSchema(directory) ?? 'gateway.schema.json'}`
}

/** The schema of the package, where it is installed in a folder or one above; null where `sallyport schema` has to write it. */
export function installedSchema (directory: string): string | null {
  for (let folder = directory; ; folder = dirname(folder)) {
    if (existsSync(join(folder, SCHEMA))) return relative(directory, join(folder, SCHEMA)).replaceAll('\\', '/')
    if (dirname(folder) === folder) return null
  }
}
