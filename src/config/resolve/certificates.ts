import { X509Certificate } from 'node:crypto'
import type { RawEntity } from '../collect.ts'
import type { CaCertificate, Certificate, Config, Entity, Sni } from '../model.ts'
import type { Owners } from './resolve.ts'

/** Certificates with the content of their files. What stands here was checked. */
export function certificatesOf (entities: readonly RawEntity[], owners: ReadonlyMap<RawEntity, Owners>, entityOf: (entity: RawEntity) => Entity): Pick<Config, 'certificates' | 'snis' | 'ca_certificates'> {
  const found = { certificates: [] as Certificate[], snis: [] as Sni[], ca_certificates: [] as CaCertificate[] }
  for (const entity of entities) {
    const { kind } = entity
    const fields = entity.fields as Readonly<Record<string, string | undefined>>
    if (kind === 'sni') {
      found.snis.push({ ...entityOf(entity), name: fields['name'] as string, certificate: owners.get(entity)?.certificate as string })
    } else if (kind === 'certificate') {
      const { cert, key, ocsp } = { ...fields, ...entity.contents }
      found.certificates.push({ ...entityOf(entity), name: fields['name'] ?? null, cert: cert as string, key: key as string, ocsp: ocsp ?? null, files: filesOf(fields) })
    } else if (kind === 'ca_certificate') {
      const { cert } = { ...fields, ...entity.contents }
      found.ca_certificates.push({ ...entityOf(entity), name: fields['name'] ?? null, cert: cert as string, cert_digest: digestOf(cert as string), files: filesOf(fields) })
    }
  }
  return found
}

function digestOf (pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase()
}

function filesOf (fields: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, string] => entry[0].endsWith('_file') && typeof entry[1] === 'string'))
}
