import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { packageRoot } from './package-root.ts'

const run = promisify(execFile)

/** Why tests with it are skipped: only outside of CI, where .ci/run installs it. */
export const noTestssl = process.env['CI'] === undefined && spawnSync('testssl', ['--help']).error !== undefined && 'there is no testssl.sh'

/** What testssl.sh says of one thing. */
export interface Finding {
  readonly id: string
  /** WARN: it couldn't find out. */
  readonly severity: 'OK' | 'INFO' | 'WARN' | 'LOW' | 'MEDIUM' | 'HIGH' | 'CRITICAL' | 'FATAL'
  readonly finding: string
}

export interface Scan {
  readonly key: 'ecdsa' | 'rsa'
  /** Flags of testssl.sh; none: all sections. */
  readonly sections?: readonly string[]
  /** Its report for people, as it comes. */
  readonly onReport?: (text: string) => void
}

export function tooSevere ({ severity }: Finding): boolean {
  return !['OK', 'INFO', 'WARN', 'LOW'].includes(severity)
}

/** Extensions of certificates as public authorities write them. */
const EXTENSIONS = `
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[intermediate]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, digitalSignature, keyCertSign, cRLSign
extendedKeyUsage = serverAuth, clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
authorityInfoAccess = caIssuers;URI:http://authority.test/root.der
crlDistributionPoints = URI:http://authority.test/root.crl
certificatePolicies = 2.23.140.1.2.1
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:gateway.test
authorityInfoAccess = OCSP;URI:http://authority.test/ocsp, caIssuers;URI:http://authority.test/intermediate.der
crlDistributionPoints = URI:http://authority.test/intermediate.crl
certificatePolicies = 2.23.140.1.2.1
tlsfeature = status_request
[req]
distinguished_name = name
[name]
`

const GATEWAY = `_format_version: "3.0"
gateway:
  listen: [{ host: 127.0.0.1, port: 0, tls: true, http2: true }]
  admin: "off"
certificates: [{ cert_file: chain.pem, key_file: leaf.key, ocsp_file: leaf.ocsp, snis: [gateway.test] }]
routes:
  - name: all
    paths: [/]
    protocols: [https]
    plugins: [{ name: security-headers }, { name: request-termination, config: { status_code: 200, message: fine } }]
`

/**
 * Has testssl.sh look at a gateway: one listener with HTTP/2, a certificate for 90 days of an intermediate authority that has to be stapled and is,
 * and `security-headers`.
 *
 * @param folder empty
 */
export async function testssl (folder: string, { key, sections = [], onReport = () => {} }: Scan): Promise<Finding[]> {
  await makeChain(folder, key)
  writeFileSync(join(folder, 'gateway.yaml'), GATEWAY)
  const gateway = spawn(process.execPath, [join(packageRoot, 'dist/src/cli/main.js'), 'start'], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  try {
    const port = await portOf(gateway)
    const json = join(folder, 'findings.json')
    rmSync(json, { force: true })
    const scan = spawn('testssl', ['--quiet', '--warnings', 'off', '--color', '0', '--ip', '127.0.0.1', '--add-ca', join(folder, 'root.pem'), '--jsonfile', json, ...sections, `gateway.test:${port}`], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] })
    scan.stdout.setEncoding('utf8').on('data', onReport)
    // its exit code counts findings, of any severity
    await once(scan, 'close')
    return JSON.parse(readFileSync(json, 'utf8')) as Finding[]
  } finally {
    gateway.kill('SIGKILL')
  }
}

async function portOf (gateway: ChildProcess): Promise<string> {
  let written = ''
  for await (const text of (gateway.stderr as NonNullable<typeof gateway.stderr>).setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    written += text as string
    const port = /listening on https:\/\/127\.0\.0\.1:(\d+)/.exec(written)?.[1]
    if (port !== undefined) return port
  }
  throw new Error(written)
}

async function makeChain (folder: string, kind: Scan['key']): Promise<void> {
  writeFileSync(join(folder, 'extensions.cnf'), EXTENSIONS)
  const openssl = async (...args: string[]): Promise<string> => (await run('openssl', args, { cwd: folder })).stdout
  const key = kind === 'rsa' ? ['-newkey', 'rsa:2048'] : ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
  const request = async (name: string, subject: string, ...more: string[]): Promise<string> => await openssl('req', '-config', 'extensions.cnf', ...key, '-nodes', '-keyout', `${name}.key`, '-subj', `/CN=${subject}`, ...more)
  const issue = async (name: string, issuer: string, days: number): Promise<string> => await openssl('x509', '-req', '-in', `${name}.csr`, '-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`, '-CAcreateserial', '-days', String(days), '-extfile', 'extensions.cnf', '-extensions', name, '-out', `${name}.pem`)
  await request('root', 'A root', '-x509', '-days', '3650', '-extensions', 'root', '-out', 'root.pem')
  await request('intermediate', 'An intermediate', '-out', 'intermediate.csr')
  await issue('intermediate', 'root', 1825)
  await request('leaf', 'gateway.test', '-out', 'leaf.csr')
  await issue('leaf', 'intermediate', 90)
  writeFileSync(join(folder, 'chain.pem'), ['leaf', 'intermediate'].map(name => readFileSync(join(folder, `${name}.pem`), 'utf8')).join(''))
  // the data base of an authority that has issued one certificate
  const serial = (await openssl('x509', '-in', 'leaf.pem', '-noout', '-serial')).trim().replace('serial=', '')
  writeFileSync(join(folder, 'index.txt'), `V\t491231235959Z\t\t${serial}\tunknown\t/CN=gateway.test\n`)
  await openssl('ocsp', '-index', 'index.txt', '-CA', 'intermediate.pem', '-rsigner', 'intermediate.pem', '-rkey', 'intermediate.key', '-issuer', 'intermediate.pem', '-cert', 'leaf.pem', '-ndays', '7', '-respout', 'leaf.ocsp')
}
