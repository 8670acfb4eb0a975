import { makeCertificate, makeOcsp, type MadeCertificate } from './certificates.ts'

const page = makeCertificate('an authority')

/** What a page's YAML would find beside it: a file for each that it names, as `testdir` takes them. */
export function certificateFiles (text: string): Record<string, Record<string, string | Buffer>> {
  const made = new Map<string, MadeCertificate>()
  const folders: Record<string, Record<string, string | Buffer>> = {}
  for (const [, field, folder = '', name = ''] of text.matchAll(/\b(cert_file|key_file|ocsp_file): ([\w-]+)\/([\w.-]+)/g)) {
    const stem = name.replace(/\.\w+$/, '')
    const certificate = made.get(stem) ?? (/(^|-)(ca|root|authority)$/.test(stem)
      ? makeCertificate(stem)
      // what the default is, the others may follow
      : makeCertificate(stem, { names: [stem, `*.${stem}`], bits: 2048 }))
    made.set(stem, certificate)
    const files = folders[folder] ??= {}
    files[name] = field === 'cert_file' ? certificate.cert : field === 'key_file' ? certificate.key : makeOcsp(page, [certificate.serial])
  }
  return folders
}
