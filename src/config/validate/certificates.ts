import type { RawEntity } from '../collect.ts'
import { kinds } from '../entities/kinds.ts'
import { join } from '../pointer.ts'
import { createRegexChecker } from '../regex/safety.ts'
import type { Report } from '../report.ts'
import type { Source } from '../source.ts'
import { readCertificates } from '../../tls/pem.ts'
import { checkAuthority, checkCertificate, checkSni } from './certificate.ts'
import { EntityContext } from './context.ts'

/** Checks certificates, their names and authorities, once their files are read. */
export function checkCertificates (entities: readonly RawEntity[], source: Source, report: Report): void {
  const regexes = createRegexChecker()
  const seen = new Map<string, RawEntity>()
  for (const entity of entities) {
    const { kind, fields } = entity
    if (typeof fields !== 'object' || fields === null) continue
    const context = new EntityContext(source, report, entity.pointer, regexes)
    if (kind === 'sni') checkSni(entity, context)
    else if (kind === 'certificate') checkCertificate(entity, context)
    else if (kind === 'ca_certificate') checkAuthority(entity, context)
    else continue
    if (kind !== 'sni') reportDouble(entity, seen, context)
  }
}

/** The same certificate twice: an authority has one name, and a certificate one list of server names. */
function reportDouble (entity: RawEntity, seen: Map<string, RawEntity>, { source, report }: EntityContext): void {
  let digest
  try {
    digest = readCertificates(entity.contents?.['cert'] ?? '')[0]?.fingerprint256
  } catch {
    // was reported
    return
  }
  const key = `${entity.kind} ${digest}`
  const first = seen.get(key)
  if (first === undefined) {
    seen.set(key, entity)
    return
  }
  const place = ({ pointer, fields }: RawEntity): string => join(pointer, fields['cert'] === undefined ? 'cert_file' : 'cert')
  report.at(source, place(entity), {
    rule: 'not-unique',
    cause: `uniqueness violation: '${kinds[entity.kind].collection}' entity with this certificate already declared`,
    mend: entity.kind === 'certificate' ? 'Remove one of the two, and give the other the `snis` of both.' : 'Remove one of the two.',
    related: [{ range: source.locate(place(first)), message: 'declared here first' }]
  })
}
