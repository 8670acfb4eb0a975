import t from 'tap'
import { noTestssl, testssl, tooSevere } from '../helpers/testssl.ts'

// the sections that take seconds; scripts/testssl.ts runs all of them
t.test('testssl.sh finds nothing above LOW in certificate, stapling, resumption and security fields', { skip: noTestssl, timeout: 300_000 }, async t => {
  const findings = await testssl(t.testdir({}), { key: 'ecdsa', sections: ['-S', '-h'] })
  t.same(findings.filter(tooSevere), [])
  // that it has looked: what it couldn't try, it calls neither good nor bad
  const said = new Map(findings.map(({ id, severity, finding }) => [id, `${severity} ${finding}`]))
  t.match(said.get('cert_chain_of_trust'), 'OK passed')
  t.match(said.get('cert_trust'), 'OK Ok via SAN')
  t.match(said.get('cert_mustStapleExtension'), 'OK supported')
  t.match(said.get('OCSP_stapling'), 'OK offered')
  t.match(said.get('HSTS_time'), 'OK')
})
