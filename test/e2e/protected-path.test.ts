import t from 'tap'
import { defaultPathPolicy, type PathPolicy } from '../../src/router/path-policy.ts'
import { entry, route } from '../helpers/config.ts'
import { startFileServers } from '../helpers/file-servers.ts'
import { startHop } from '../helpers/hop.ts'
import { testPlugin } from '../helpers/plugins.ts'
import { rawClient } from '../helpers/raw-client.ts'
import type { Test } from 'tap'

const SECRET = 'the secret of /admin'

/** Separators, to some server or other. */
const SLASHES = ['//', '/./', '/%2e/', '%2f', '%2F', '\\', '%5c', '%5C', '%252f', '%25252f', '%255c', '%25%32%66', '%c0%af', '%e0%80%af', '%c1%9c', '%25c0%25af', '/;/', '/;x=1/', '/.;/', '/%3b/', '/%252e/', '/.%00/', '%2f%2f', '/\\', '\\/', '%2f.%2f', '/%c0%ae/']

/** Ways up. */
const CLIMBS = ['/x/..', '/x/%2e%2e', '/x/.%2e', '/x/%2E.', '/x/..;', '/x/..;a=b', '/x/..%3b', '/x/%252e%252e', '/x/%25252e%25252e', '/x/%25%32%65.', '/x/%c0%ae%c0%ae', '/x/%c0%2e%c0%2e', '/x/%e0%80%ae.', '/x/..%00', '/x/..%2500', '/x%2f..', '/x%2f%2e%2e', '/x\\..', '/x%5c..', '/x%255c..', '/x%252f..', '/x/y/..%2f..', '/x/y/..\\..', '/..', '/%2e%2e', '/..;', '/..%2f..', '/...', '/x//..', '/x/./..', '/x/..%23', '/x/..%3f', '/x/..%20', '/x/..%09', '/x/..%0d%0a', '/x/%uff0e%uff0e']

const NAMES = ['admin', '%61dmin', 'adm%69n', '%61%64%6d%69%6e', '%2561dmin', 'adm%2569n', '%252561dmin', '%25%36%31dmin', 'admin;', 'admin;x', 'admin;x=/', 'admin%3b', 'admin%3bx', 'admin%253b', 'admin%00', 'admin%2500', 'admin%3f', 'admin%23', 'admin.', 'admin%20', 'admin%2e', 'Admin', 'ADMIN', '%c1%a1dmin', '%c1%a1%c1%a4min', '%e0%81%a1dmin', 'admin%c0%80', 'admin/', 'admin/.', 'admin/x/..', 'admin/%2e', '%41dmin', 'admin%2f', 'x%00/../admin']

const TAILS = ['/secret.txt', '/secret.txt?', '/secret.txt?x', '/secret%2etxt', '/%73ecret.txt', '/secret.txt%00', '/secret.txt%00.html', '/secret.txt;x', '/secret.txt%3bx', '/secret%252etxt', '/./secret.txt', '/x/../secret.txt', '/x/%2e%2e/secret.txt', '/../admin/secret.txt', '/%2e%2e/admin/secret.txt', '/secret.txt/', '/secret.txt/.', '/secret.txt%3f', '/secret.txt%23']

const SPELLINGS = [...new Set([
  ...SLASHES.flatMap(slash => [`${slash}admin/secret.txt`, `/admin${slash}secret.txt`, `/x/..${slash}admin/secret.txt`, `/x${slash}..${slash}admin${slash}secret.txt`]),
  ...CLIMBS.flatMap(climb => [`${climb}/admin/secret.txt`, `${climb}%2fadmin%2fsecret.txt`, `${climb}/%61dmin/secret.txt`]),
  ...NAMES.flatMap(name => [`/${name}/secret.txt`, `/x/../${name}/secret.txt`]),
  ...TAILS.map(tail => `/admin${tail}`),
  ...['http://gateway.test/admin/secret.txt', 'http://gateway.test//admin/secret.txt', 'http://gateway.test/x/..%2fadmin/secret.txt', 'HTTP://gateway.test/%61dmin/secret.txt', 'http://gateway.test\\admin/secret.txt']
].filter(target => target.startsWith('/') || /^http:/i.test(target)))]

const all = (action: 'reject' | 'decode'): PathPolicy => ({ encoded_slash: action, backslash: action, null_byte: 'reject', control_characters: 'reject', semicolon: action, double_encoding: action, overlong_utf8: action })
const POLICIES: ReadonlyArray<readonly [name: string, policy: PathPolicy]> = [['defaults', defaultPathPolicy], ['reject', all('reject')], ['decode', all('decode')]]

const guard = testPlugin(scope => {
  scope.addHook('onRequest', async (request, reply) => {
    if (request.headers['x-key'] === 'right') return
    reply.code(401).send({ message: 'Unauthorized' })
    return await reply
  })
}, { name: 'guard' })

/** Body of the first answer, whatever it is. */
async function fetchRaw (t: Test, port: number, target: string, ...fields: string[]): Promise<string> {
  const client = await rawClient(t, port)
  client.send(`GET ${target} HTTP/1.1\r\nHost: gateway.test\r\nConnection: close\r\n${fields.map(field => `${field}\r\n`).join('')}\r\n`)
  await client.end()
  return client.text
}

/** In parts: five are all that Python lets wait, and who comes then waits for seconds. */
async function each (targets: readonly string[], run: (target: string) => Promise<void>): Promise<void> {
  for (let index = 0; index < targets.length; index += 5) await Promise.all(targets.slice(index, index + 5).map(run))
}

t.test('no spelling of a protected path gets past its protection', async t => {
  const upstreams = await startFileServers(t, { '/admin/secret.txt': SECRET, '/open.txt': 'open', '/x/y/open.txt': 'open' })
  t.ok(SPELLINGS.length >= 200, `${SPELLINGS.length} spellings`)
  for (const { name, port: upstream } of upstreams) {
    let direct = 0
    await each(SPELLINGS, async target => { if ((await fetchRaw(t, upstream, target)).includes(SECRET)) direct++ })
    t.ok(direct >= 30, `${direct} of them are the path to ${name} itself`)
    for (const [policy, rules] of POLICIES) {
      const { port } = await startHop(t, upstream, {
        gateway: { path_policy: rules },
        routes: [route({ id: 'open', name: 'open', paths: ['/'], strip_path: false }), route({ id: 'admin', name: 'admin', paths: ['/admin'], strip_path: false })],
        plugins: [guard],
        entries: [entry({ name: 'guard', route: 'admin' })]
      })
      await each(SPELLINGS, async target => {
        const answer = await fetchRaw(t, port, target)
        const status = answer.slice(9, 12)
        if (answer.includes(SECRET)) t.fail(`a way in to ${name} (${policy})`, { target })
        if (!['200', '301', '302', '400', '401', '404'].includes(status)) t.fail(`status ${status} from ${name} (${policy})`, { target, answer })
      })
      t.match(await fetchRaw(t, port, '/admin/secret.txt', 'X-Key: right'), SECRET, `the path itself, with the key (${name}, ${policy})`)
      t.match(await fetchRaw(t, port, '/open.txt'), 'open', `what is open (${name}, ${policy})`)
    }
  }
})
