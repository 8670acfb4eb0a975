/** A certificate for participants that end TLS: the same kind for all, P-256, made by openssl. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** @returns names of the files, in `dir` */
export function certificateFiles (dir) {
  const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-keyout', key, '-out', cert], { stdio: 'ignore' })
  return { cert, key }
}

export function certificateTexts (dir) {
  const { cert, key } = certificateFiles(dir)
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
}
