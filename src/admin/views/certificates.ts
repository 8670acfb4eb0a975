import { X509Certificate } from 'node:crypto'
import type { CaCertificate, Certificate } from '../../config/model.ts'
import type { RunnableFile } from '../../gateway/control/reload.ts'
import { mapSteps, type Steps } from '../../steps.ts'
import { withLines } from '../../tls/pem.ts'
import type { CertificateView } from '../api/types.ts'
import type { Names } from './names.ts'

const DAY = 86_400_000

export function * certificateViews ({ config }: RunnableFile, names: Names): Steps<CertificateView[]> {
  const snis = new Map<string, string[]>()
  for (const { certificate, name } of config.snis) snis.set(certificate, [...snis.get(certificate) ?? [], name])
  return yield * mapSteps(config.certificates, certificate => view(certificate, 'certificate', snis.get(certificate.id) ?? [], names))
}

export function * authorityViews ({ config }: RunnableFile, names: Names): Steps<CertificateView[]> {
  return yield * mapSteps(config.ca_certificates, certificate => view(certificate, 'ca_certificate', [], names))
}

function view ({ id, name, tags, pointer, cert }: Certificate | CaCertificate, kind: CertificateView['kind'], snis: string[], names: Names): CertificateView {
  // the first of a chain; the loader has read it before
  const x509 = new X509Certificate(withLines(cert))
  const end = Date.parse(x509.validTo)
  return {
    id,
    name,
    kind,
    snis,
    subject: oneLine(x509.subject),
    issuer: oneLine(x509.issuer),
    subject_alternative_names: x509.subjectAltName?.split(', ') ?? [],
    serial_number: x509.serialNumber,
    fingerprint_sha256: x509.fingerprint256.replaceAll(':', '').toLowerCase(),
    not_before: new Date(x509.validFrom).toISOString(),
    not_after: new Date(end).toISOString(),
    days_left: Math.floor((end - Date.now()) / DAY),
    tags,
    place: names.place(pointer)
  }
}

/** Node writes a name with a line for each part. */
function oneLine (name: string | undefined): string {
  return (name ?? '').split('\n').filter(part => part !== '').join(', ')
}
