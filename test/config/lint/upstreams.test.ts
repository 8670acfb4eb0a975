import t from 'tap'
import { isPublic } from '../../../src/config/lint/upstreams.ts'
import { findingsOf } from './findings.ts'

for (const host of ['api.example.com', 'EXAMPLE.org.', '8.8.8.8', '2001:4860:4860::8888', '[2606:4700::1]']) {
  t.test(`${host} is reached over networks of others`, async t => { t.ok(isPublic(host)) })
}
for (const host of ['localhost', 'users', 'users.internal', 'a.b.svc', 'x.svc.cluster.local', 'nas.home.arpa', '127.0.0.1', '10.1.2.3', '172.16.0.1', '192.168.1.1', '169.254.1.1', '100.64.0.1', '::1', 'fd00::1', 'fe80::1', '::ffff:10.0.0.1', 'x.test']) {
  t.test(`${host} is near`, async t => { t.notOk(isPublic(host)) })
}

t.test('points at the url', async t => {
  t.match(await findingsOf('plain-http-upstream', 'services: [{ name: a, url: "http://api.example.com/v1" }]'), [{
    path: 'services[a].url', cause: "requests to 'api.example.com' travel unencrypted through networks of others"
  }])
  t.same(await findingsOf('plain-http-upstream', 'services: [{ name: a, url: "https://api.example.com/v1" }]'), [])
})

t.test('does not print a host that came from the environment', async t => {
  const [finding] = await findingsOf('plain-http-upstream', 'services: [{ name: a, host: "{vault://env/HOST}" }]', { HOST: 'api.example.com' })
  t.equal(finding?.cause, 'requests to this host travel unencrypted through networks of others')
})
