import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { packageRoot } from '../helpers/package-root.ts'

const ROUTES = 10_000
const MEGABYTES = 500

/** Routes of 20 services each: prefixes, one regex in a hundred, hosts and methods on some. */
function bigFile (): string {
  const lines = ['_format_version: "3.0"', 'services:']
  for (let index = 0; index < ROUTES; index++) {
    if (index % 20 === 0) {
      lines.push(`  - name: service-${index}`, `    url: http://service-${index}.internal:8080`, '    plugins: [{ name: correlation-id }]', '    routes:')
    }
    lines.push(`      - name: route-${index}`)
    lines.push(index % 100 === 0 ? `        paths: ['~/api/v${index}/items/(?<id>[^/]+)/parts/\\d+$']` : `        paths: [/api/v1/resource-${index}/items]`)
    if (index % 3 === 0) lines.push(`        hosts: [tenant-${index % 50}.example.com]`)
    if (index % 4 === 0) lines.push('        methods: [GET, POST]')
    if (index % 500 === 0) lines.push('        plugins: [{ name: request-transformer, config: { add: { headers: ["X-A:b"] } } }]')
  }
  return lines.join('\n')
}

t.test(`a file of ${ROUTES} routes is checked in ${MEGABYTES} MB`, async t => {
  const cwd = t.testdir({ 'gateway.yaml': bigFile() })
  const report = `
    process.argv.push('check')
    process.on('exit', () => {
      const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
      console.error(JSON.stringify({ seconds: (userCPUTime + systemCPUTime) / 1e6, megabytes: maxRSS / 1024 }))
    })
    await import(${JSON.stringify(pathToFileURL(join(packageRoot, 'dist/src/cli/main.js')).href)})
  `
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', report, 'sallyport'], { cwd, encoding: 'utf8' })
  t.match(stdout, /^ok: gateway\.yaml can run: 500 services, 10000 routes/)
  const { seconds, megabytes } = JSON.parse(stderr)
  // the time is shown, not judged: machines differ
  t.comment(`${seconds.toFixed(2)} s, ${megabytes.toFixed(0)} MB`)
  t.ok(megabytes < MEGABYTES, `${megabytes} MB`)
})
