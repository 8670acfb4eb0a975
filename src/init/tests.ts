/** The config test that stands beside a first file. */
import { basename } from 'node:path'
import { pathFacts } from '../config/lint/path-facts.ts'
import type { Config } from '../config/model.ts'
import { compileRouter } from '../router/compile.ts'
import type { Answers } from './answers.ts'
import { nameOf } from './compose.ts'

/** Routes that a first test names; more are for who knows what they shall do. */
const MOST = 20

/** `gateway.test.yaml` of `gateway.yaml`. */
export function testNameOf (file: string): string {
  return `${file.replace(/\.ya?ml$/i, '')}.test.yaml`
}

/** As it stands in a request. */
export function asRequested (path: string): string {
  return path.replace(/[^\x21-\x7e]+/g, encodeURIComponent)
}

/** Of a file that was composed: what the answers promise. */
export function composedTest (file: string, answers: Answers): string {
  const { auth, audience } = answers
  const path = asRequested(answers.path)
  const refused = auth === 'none' ? [] : [test('who shows nothing is refused, and the service hears nothing of it', JSON.stringify(path), `{ status: 401, answered_by: ${auth}, upstream: null }`)]
  const who = auth === 'key-auth' ? 'consumer: first' : auth === 'jwt' ? `token: { claims: { sub: ann${audience === null ? '' : `, aud: ${JSON.stringify(audience)}`} } }` : null
  const passes = auth === 'basic-auth' ? [] : [test(auth === 'none' ? 'everybody may call' : 'who may call reaches the service', who === null ? JSON.stringify(path) : `{ url: ${JSON.stringify(path)}, ${who} }`, `{ status: 200, route: ${JSON.stringify(nameOf(answers))}, upstream: { count: 1 } }`)]
  return document(file, [...refused, ...passes])
}

/** Of a file that was imported: which route takes what. null: there is nothing to say. */
export function importedTest (file: string, { routes }: Pick<Config, 'routes'>): string | null {
  const router = compileRouter(routes)
  const tests = routes.slice(0, MOST).flatMap(route => {
    const sample = route.paths === null ? undefined : pathFacts(route.paths[0] as string).sample
    const { name, hosts, headers, snis, methods, protocols } = route
    if (name === null || sample === undefined || hosts !== null || headers !== null || snis !== null || !protocols.includes('http')) return []
    const method = methods?.[0] ?? 'GET'
    const found = router.match({ method, host: '127.0.0.1', port: 8000, path: sample, headers: [], scheme: 'http', sni: '' })
    return found?.route === route ? [test(`${method} ${sample} is for ${name}`, `{ url: ${JSON.stringify(sample)}, method: ${method} }`, `{ route: ${JSON.stringify(name)} }`)] : []
  })
  return tests.length === 0 ? null : document(file, tests)
}

function test (name: string, request: string, expect: string): string {
  return `  - name: ${JSON.stringify(name)}\n    request: ${request}\n    expect: ${expect}\n`
}

function document (file: string, tests: readonly string[]): string {
  return `# Tests of ${basename(file)}: \`sallyport test\` runs them, nothing leaves the process. docs/guides/config-tests.md has the rest.\nconfig: ${JSON.stringify(basename(file))}\ntests:\n${tests.join('\n')}`
}
