import { dirname, resolve } from 'node:path'
import { ADMIN_DEFAULT } from '../config/entities/gateway.ts'
import { editorLine } from './editor-line.ts'
import { importExpressGateway } from './express-gateway.ts'
import { importKong } from './kong.ts'
import { importKrakend } from './krakend.ts'
import { importNginx } from './nginx.ts'
import { importOpenapi } from './openapi.ts'
import type { Importer, ImporterOptions } from './importer.ts'
import { sortFindings, type ImportReport } from './report.ts'
import { settle } from './settle.ts'
import { entitiesOf, type Draft, type Item, type Place } from './draft.ts'

export const IMPORTERS = {
  openapi: importOpenapi,
  kong: importKong,
  'express-gateway': importExpressGateway,
  krakend: importKrakend,
  nginx: importNginx
} as const satisfies Record<string, Importer>

export type ImportFormat = keyof typeof IMPORTERS

export interface ImportOrder {
  readonly format: ImportFormat
  readonly text: string
  /** Absolute. */
  readonly path: string
  /** What the user calls it. */
  readonly shown: string
  /** Absolute; where gateway.yaml is written, or would be. */
  readonly output: string
  /** What the user calls it; null for standard output. */
  readonly shownOutput: string | null
  readonly options?: ImporterOptions
}

export interface ImportResult {
  /** gateway.yaml. It passes `check`. */
  readonly text: string
  readonly report: ImportReport
}

/**
 * Translates the configuration of another gateway, or an OpenAPI document.
 *
 * @throws {ImportError} for a source that can't be read as what it is said to be
 */
export async function importConfig ({ format, text, path, shown, output, shownOutput, options = {} }: ImportOrder): Promise<ImportResult> {
  const importer: Importer = IMPORTERS[format]
  const { draft, placeOf, head, differences } = await importer({ text, file: shown, path: resolve(path), directory: dirname(output), options })
  moveAdmin(draft, placeOf)
  const settled = await settle({
    draft,
    head: [editorLine(dirname(output)), '', `Made from ${shown} by \`sallyport import ${format}\`.`, ...head],
    file: output,
    placeOf
  })
  return {
    text: settled.text,
    report: {
      format,
      source: shown,
      output: shownOutput,
      entities: {
        upstreams: entitiesOf(draft, 'upstreams').length,
        services: entitiesOf(draft, 'services').length,
        routes: entitiesOf(draft, 'routes').length,
        plugins: plugins(draft),
        consumers: entitiesOf(draft, 'consumers').length
      },
      findings: sortFindings(draft.findings),
      differences: differences?.() ?? [],
      warnings: settled.diagnostics.length,
      variables: settled.variables
    }
  }
}

/** A listener of the source keeps its port: the admin listener, which nobody has asked for, goes to the next free one. */
function moveAdmin (draft: Draft, placeOf: (item: object) => Place): void {
  const gateway = draft.file['gateway'] as Item | undefined
  if (gateway === undefined || Object.hasOwn(gateway, 'admin') || !Array.isArray(gateway['listen'])) return
  const taken = new Set((gateway['listen'] as Item[]).map(({ port }) => port))
  let { port } = ADMIN_DEFAULT
  if (!taken.has(port)) return
  while (taken.has(port)) port++
  gateway['admin'] = { port }
  draft.tell('changed', 'gateway.admin', `port ${ADMIN_DEFAULT.port} is a listener's: the admin listener is on 127.0.0.1:${port}.`, placeOf(gateway), gateway, 'admin')
}

function plugins (draft: Draft): number {
  const owners = [draft.file, ...['services', 'routes', 'consumers', 'consumer_groups'].flatMap(kind => entitiesOf(draft, kind))]
  return owners.reduce((sum, owner) => sum + ((owner['plugins'] as unknown[] | undefined)?.length ?? 0), 0)
}
