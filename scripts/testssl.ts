// All sections of testssl.sh (Debian) against a gateway, with a certificate of either kind of key: some minutes.
//
//   npm run build && node dist/scripts/testssl.js [flags of testssl.sh, for some sections]
//
// Its reports, and at the end what is neither fine nor a mere fact. Exit code 1 when something is above LOW.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testssl, tooSevere, type Finding } from '../test/helpers/testssl.ts'

const said: Array<Finding & { readonly key: string }> = []
for (const key of ['ecdsa', 'rsa'] as const) {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-testssl-'))
  try {
    const findings = await testssl(folder, { key, sections: process.argv.slice(2), onReport: text => { process.stdout.write(text) } })
    said.push(...findings.map(finding => ({ key, ...finding })))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
const notable = said.filter(({ severity }) => severity !== 'OK' && severity !== 'INFO')
for (const { key, id, severity, finding } of notable) console.log(`${severity.padEnd(8)} ${key.padEnd(5)} ${id}: ${finding}`)
const bad = notable.filter(tooSevere)
console.log(`${said.length} findings, ${bad.length} above LOW`)
process.exitCode = bad.length === 0 ? 0 : 1
