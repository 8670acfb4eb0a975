import t from 'tap'
import { loadConfig } from '../../../src/config/load.ts'
import { findings, findingsOf, routes } from './findings.ts'

t.test('refuses a path regex that backtracks without bound', async t => {
  const text = `_format_version: "3.0"\n${routes('name: a, paths: ["~/(a+)+$"]')}`
  const { config, diagnostics } = await loadConfig({ file: 'gateway.yaml', text, env: {} })
  t.equal(config, null, 'the file does not load')
  t.match(diagnostics, [{
    rule: 'regex-backtracking',
    severity: 'error',
    path: 'services[s].routes[a].paths[0]',
    cause: /^a client can stop the gateway with this regex: the time that it takes for one path grows exponentially/
  }])
})

t.test('refuses a header regex that backtracks without bound', async t => {
  t.match(await findings(routes('name: a, headers: {x: ["~*(.*)=(.*)"]}')), [{
    rule: 'regex-backtracking',
    path: 'services[s].routes[a].headers.x[0]',
    cause: /one header grows with the square of its length/
  }])
})

t.test('checks every regex of a header\'s list', async t => {
  t.match(await findings(routes('name: a, headers: {x: [plain, "~*^(a+)+$", "~*(.*)=(.*)"]}')), [
    { rule: 'regex-backtracking', path: 'services[s].routes[a].headers.x[1]' },
    { rule: 'regex-backtracking', path: 'services[s].routes[a].headers.x[2]' }
  ])
})

t.test('warns where nobody can tell', async t => {
  t.match(await findings(routes(`name: a, paths: ["~/${'a?'.repeat(12)}$"]`)), [{ rule: 'regex-undecided', severity: 'warning' }])
})

for (const path of ['~/users/\\\\d+', '~/users/[^/]+', '~/users(?:/me)?', '~/a/b', '~/a|/b$', '~/a/(?<id>[0-9]{4})']) {
  t.test(`${path} has no end`, async t => {
    t.match(await findingsOf('regex-open-end', routes(`name: a, paths: ["${path}"]`)), [{ path: 'services[s].routes[a].paths[0]', mend: /^Write '~.+\$' for exactly/ }])
  })
}

for (const path of ['~/users/\\\\d+$', '~/users/', '~/users/.*', '~/users/\\\\d+(?:/|$)', '~/users(?:/.*)?$', '~/a(?=/b)', '~/a[^?]*']) {
  t.test(`${path} has an end`, async t => { t.same(await findingsOf('regex-open-end', routes(`name: a, paths: ["${path}"]`)), []) })
}
