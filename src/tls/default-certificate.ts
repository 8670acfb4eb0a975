import type { Certificate, Config } from '../config/model.ts'

/** What clients are shown who ask for no name, or for one that no SNI has: that of the SNI `*`, or the first of the file. */
export function defaultCertificate ({ certificates, snis }: Pick<Config, 'certificates' | 'snis'>): Certificate | null {
  const star = snis.find(({ name }) => name === '*')
  return certificates.find(({ id }) => id === star?.certificate) ?? certificates[0] ?? null
}
