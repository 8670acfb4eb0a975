import type { RawEntity } from '../collect.ts'
import type { ListenSettings } from '../gateway-settings.ts'
import type { Pointer } from '../model.ts'
import type { Report } from '../report.ts'
import type { Source } from '../source.ts'

/** What listeners with TLS need of the rest of the file: a certificate to show, and authorities for clients that must have one. */
export function checkListeners (value: unknown, entities: readonly RawEntity[], source: Source, report: Report): void {
  const has = (kind: RawEntity['kind']): boolean => entities.some(entity => entity.kind === kind)
  for (const [index, { tls, client_certificate: client }] of listeners(value).entries()) {
    if (tls !== true) continue
    const at = (key: string): Pointer => `/gateway/listen/${index}/${key}`
    if (!has('certificate')) {
      report.at(source, at('tls'), { rule: 'required', cause: 'there is no certificate that could be shown here', mend: 'Add one to `certificates` (cert_file and key_file).' })
    }
    if (client === 'require' && !has('ca_certificate')) {
      report.at(source, at('client_certificate'), { rule: 'required', cause: 'no authority may vouch for clients: nobody could connect', mend: 'Add it to `ca_certificates`.' })
    }
  }
}

function listeners (value: unknown): Array<Partial<ListenSettings>> {
  const { listen } = (value as { gateway?: { listen?: unknown } | null } | null)?.gateway ?? {}
  return Array.isArray(listen) ? listen.map((entry: unknown) => typeof entry === 'object' && entry !== null ? entry : {}) : []
}
