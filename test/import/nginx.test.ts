import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { loadConfig } from '../../src/config/load.ts'
import { importConfig, type ImportResult } from '../../src/import/import.ts'
import { loadPlugins } from '../../src/plugins.ts'
import { runCli } from '../helpers/cli.ts'
import { freePort } from '../helpers/free-port.ts'
import { startGateway } from '../helpers/gateway.ts'
import { packageRoot } from '../helpers/package-root.ts'

type Tree = Record<string, any>

const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` }
/** Only outside of CI, where .ci/run installs it. */
const noNginx: string | false = process.env['CI'] === undefined && spawnSync('nginx', ['-v'], { env }).error !== undefined && 'nginx is not installed'

async function nginx (t: Test, text: string, files: Record<string, string | Record<string, string>> = {}): Promise<ImportResult & { value: Tree, file: string }> {
  const directory = t.testdir({ 'nginx.conf': text, ...files })
  const file = join(directory, 'gateway.yaml')
  const result = await importConfig({ format: 'nginx', text, path: join(directory, 'nginx.conf'), shown: 'nginx.conf', output: file, shownOutput: null })
  const { diagnostics } = await loadConfig({ file, text: result.text, env: {} })
  t.same(diagnostics.filter(({ severity }) => severity === 'error'), [])
  return { ...result, value: parse(result.text) as Tree, file }
}

const routesOf = (value: Tree): Tree[] => [...(value['services'] ?? []).flatMap((service: Tree) => service['routes'].map((route: Tree) => ({ ...route, service }))), ...value['routes'] ?? []]
const routeOf = (value: Tree, path: string): Tree => routesOf(value).find(route => route['paths'].includes(path)) ?? {}
const pluginsOf = (value: Tree, path: string): Tree => Object.fromEntries((routeOf(value, path)['plugins'] ?? []).map(({ name, config }: Tree) => [name, config]))
const said = ({ report }: ImportResult, kind: string) => report.findings.filter(finding => finding.kind === kind).map(({ what }) => what)

/** The real one, for the time of a test. */
async function runNginx (t: Test, http: string): Promise<number> {
  const port = await freePort()
  // not the test's own folder, which is made anew for the file of ours
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-nginx-'))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${directory}/${name};`).join(' ')
  const conf = join(directory, 'real.conf')
  writeFileSync(conf, `daemon off; master_process off; pid ${directory}/pid; error_log ${directory}/error.log;\nevents {}\nhttp { access_log off; ${temporary}\n${http.replaceAll('listen 80', `listen 127.0.0.1:${port}`)}\n}\n`)
  const child = spawn('nginx', ['-p', directory, '-c', conf], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => { errors += chunk.toString() })
  const ended = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
    rmSync(directory, { recursive: true, force: true })
  })
  for (;;) {
    const up = await new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true) }).on('error', () => resolve(false))
    })
    if (up) return port
    if (child.exitCode !== null) throw new Error(errors)
  }
}

async function runImported (t: Test, text: string): Promise<number> {
  const { file, text: yaml } = await nginx(t, text)
  const { config } = await loadConfig({ file, text: yaml, env: {}, overrides: { port: 0, adminPort: 'off' } })
  if (config === null) throw new Error('it loads')
  const { registry } = await loadPlugins([], packageRoot)
  return (await startGateway(t, config, [...registry.values()])).port
}

/** The path is sent as it is written. */
function get (port: number, host: string, path: string, method = 'GET'): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path, method, headers: { host } }, answer => {
      const parts: Buffer[] = []
      answer.on('data', (chunk: Buffer) => parts.push(chunk)).on('end', () => {
        const body = Buffer.concat(parts).toString()
        resolve(answer.statusCode === 200 ? body : String(answer.statusCode))
      })
    }).on('error', reject).end()
  })
}

/** The same numbers on each run. */
function numbers (seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % below
  }
}

const PREFIXES = ['/', '/a', '/a/', '/a/b', '/a/b/', '/ab', '/a.php', '/b/', '/b/c.png', '/A/']
const REGEXES = ['\\.php$', '^/a/', '/b', '^/(a|b)/c', '\\.(png|jpe?g)$', '^/a.*\\.php$', '/a/.*x', '[bc]$', '.*\\.png', '^/[^/]+/c', 'php', '^/A']
const PATHS = ['/', '/a', '/a/', '/a/b', '/a/b/c', '/ab', '/ab/x', '/a.php', '/a/x.php', '/b', '/b/', '/b/c', '/b/c.png', '/a/b/c.PNG', '/A/x.PHP', '/c', '/x/b/a', '/a/b/x.jpeg', '/php', '/a/c', '/a/%62/', '/b/../a/x', '/A']

function randomServer (random: (below: number) => number, host: string): string {
  const pick = <Value>(list: readonly Value[]): Value => list[random(list.length)] as Value
  const taken = new Set<string>()
  const locations: string[] = []
  for (let count = 1 + random(7); count > 0; count--) {
    const modifier = pick(['', '', '^~', '=', '~', '~*'])
    const pattern = modifier.startsWith('~') ? pick(REGEXES) : pick(PREFIXES)
    const key = `${modifier === '^~' ? '' : modifier} ${pattern}`
    if (taken.has(key)) continue
    taken.add(key)
    locations.push(`  location ${modifier} "${pattern.replaceAll('\\', '\\\\')}" { return 200 "${host} ${locations.length}"; }`)
  }
  return `server { listen 80; server_name ${host};\n${locations.join('\n')}\n}\n`
}

t.test('the same location answers as in nginx', { skip: noNginx }, async t => {
  const random = numbers(20_261_122)
  const hosts = Array.from({ length: 16 }, (_, index) => `s${index}.test`)
  const text = `server { listen 80; server_name first.test; location / { return 200 "first"; } }\n${hosts.map(host => randomServer(random, host)).join('')}`
  const unsaid = new Set(text.split('server {').filter(server => server.includes('/a/.*x')).map(server => /server_name (\S+);/.exec(server)?.[1]))
  t.ok(unsaid.size < 6)
  const real = await runNginx(t, text)
  const ours = await runImported(t, text)
  const differences: string[] = []
  const answers = new Set<string>()
  for (const host of [...hosts, 'other.test']) {
    await Promise.all(PATHS.map(async path => {
      const [expected, got] = await Promise.all([get(real, host, path), get(ours, host, path)])
      answers.add(expected)
      // one that can't be said is closed, and so is what comes after it: never another location's answer
      const may = unsaid.has(host) ? [expected, '503', '404'] : [expected]
      if (!may.includes(got)) differences.push(`${host} ${path}: nginx ${expected}, here ${got}`)
    }))
  }
  t.same(differences, [])
  t.ok(answers.size > 30, 'many locations were reached')
})

t.test('services get the path that nginx sends', { skip: noNginx }, async t => {
  const upstream = createServer((request, answer) => answer.end(request.url)).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  t.teardown(() => { upstream.closeAllConnections(); upstream.close() })
  const origin = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  const text = `server { listen 80;
    location /plain { proxy_pass ${origin}; }
    location /slash/ { proxy_pass ${origin}/; }
    location /base/ { proxy_pass ${origin}/v1/; }
    location /glued/ { proxy_pass ${origin}/v1; }
    location /open { proxy_pass ${origin}/v2/; }
    location = /one { proxy_pass ${origin}/other; }
    location ^~ /held/ { proxy_pass ${origin}/h/; }
    location ~ ^/regex/ { proxy_pass ${origin}; }
    location /cut/ { rewrite ^/cut/(.*)$ /$1 break; proxy_pass ${origin}; }
    location /swap/ { rewrite ^/swap(/.*)$ /new$1 break; proxy_pass ${origin}; }
    set $target ${origin};
    location /variable/ { proxy_pass $target; }
  }\n`
  const real = await runNginx(t, text)
  const ours = await runImported(t, text)
  for (const path of ['/plain', '/plain/a?b=1', '/plainer', '/slash/', '/slash/a/b?c', '/base/', '/base/x', '/glued/x', '/one', '/one?q=1', '/held/x/', '/regex/x', '/cut/', '/cut/a/b', '/swap/a', '/variable/x']) {
    t.equal(await get(ours, 'a.test', path), await get(real, 'a.test', path), path)
  }
  t.equal(await get(real, 'a.test', '/open/x'), '/v2//x')
  t.equal(await get(ours, 'a.test', '/open/x'), '/v2/x', 'two slashes are one')
  t.equal(await get(ours, 'a.test', '/slash'), '/', 'nginx redirects; here it is the same route')
})

t.test('services get the Host that nginx sends', { skip: noNginx }, async t => {
  const upstream = createServer((request, answer) => answer.end(request.headers.host)).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  t.teardown(() => { upstream.closeAllConnections(); upstream.close() })
  const { port } = upstream.address() as AddressInfo
  const text = `upstream app_pool { server 127.0.0.1:${port}; }
  upstream kept { server 127.0.0.1:${port}; }
  server { listen 80;
    location /pool { proxy_pass http://app_pool; }
    location /client { proxy_pass http://app_pool; proxy_set_header Host $host; }
    location /other { proxy_pass http://app_pool; proxy_set_header Host fixed.test; }
    location /kept { proxy_pass http://kept; proxy_set_header Host $host; }
    location /alone { proxy_pass http://127.0.0.1:${port}; }
  }\n`
  const real = await runNginx(t, text)
  const ours = await runImported(t, text)
  for (const path of ['/pool', '/client', '/other', '/kept', '/alone']) t.equal(await get(ours, 'a.test', path), await get(real, 'a.test', path), path)
  t.equal(await get(ours, 'a.test', '/pool'), 'app_pool')
  const { text: yaml } = await nginx(t, text)
  t.equal(yaml.match(/host_header: /g)?.length, 1, 'where all routes keep the client\'s, there is nothing to say')
})

t.test('a reverse proxy as users write it', async t => {
  const result = await nginx(t, readFileSync(join(packageRoot, 'test/fixtures/import/nginx.conf'), 'utf8'))
  const { value } = result
  t.match(value['upstreams'], [{ name: 'app', algorithm: 'least-connections', targets: [{ target: 'app-1.internal:3000', weight: 300 }, { target: 'app-2.internal:3000' }, { target: 'app-3.internal:3000', failover: true }] }])
  t.match(routeOf(value, '/'), { preserve_host: true, strip_path: false, service: { url: 'http://app', read_timeout: 30_000 } })
  t.same(pluginsOf(value, '/')['request-transformer'], { remove: { headers: ['X-Team'] }, add: { headers: ['X-Team:shop'] } })
  t.match(pluginsOf(value, '/api/'), { 'rate-limiting': { second: 10, limit_by: 'ip', error_code: 503 }, 'concurrency-limiting': { limit: 10 }, 'response-transformer': { remove: { headers: ['X-Powered-By'] }, add: { headers: ['X-Frame-Options:DENY'] } } })
  t.match(pluginsOf(value, '/admin/'), { 'ip-restriction': { allow: ['10.0.0.0/8'] }, 'basic-auth': { realm: 'Staff' } })
  t.match(pluginsOf(value, '/reports/'), { 'forward-auth': { url: 'http://auth.internal:9000/verify', upstream_headers: ['X-User'] } })
  t.match(pluginsOf(value, '~/auth$'), { 'request-termination': { status_code: 404 } })
  t.match(pluginsOf(value, '/moved'), { redirect: { location: 'https://new.example.com', status_code: 301, keep_incoming_path: true } })
  t.match(pluginsOf(value, '~/(?:.*/)?\\.'), { 'request-termination': { status_code: 403 } })
  for (const path of ['/lua/', '/token/', '/old-browsers/']) t.match(pluginsOf(value, path), { 'request-termination': { status_code: 503 } }, path)
  t.match(routeOf(value, '/pay'), { hosts: ['secure.example.com'], protocols: ['https'], https_redirect_status_code: 301 })
  t.match(value['gateway'], { listen: [{ port: 80 }], trusted_ips: ['10.0.0.0/8'] })
  t.match(said(result, 'left_out'), ['access_log', 'gzip', 'location ^~ /static/', 'expires', 'server _'])
  t.match(said(result, 'todo'), ['location /admin/: auth_basic_user_file', 'server secure.example.com: ssl_certificate'])
})

const closed = (value: Tree, path: string): boolean => pluginsOf(value, path)['request-termination']?.status_code === 503

t.test('what protects and can\'t be said is closed', async t => {
  const cases: Array<[words: string, directives: string]> = [
    ['an unknown directive', 'modsecurity on; proxy_pass http://a.internal;'],
    ['a condition', 'if ($cookie_x) { return 403; } proxy_pass http://a.internal;'],
    ['a file that is not there', 'include guard.conf; proxy_pass http://a.internal;'],
    ['files of a folder that is not there', 'include snippets/*.conf; proxy_pass http://a.internal;'],
    ['rules whose order counts', 'allow 10.1.0.0/16; deny 10.0.0.0/8; allow all; proxy_pass http://a.internal;'],
    ['either address or password', 'satisfy any; allow 10.0.0.0/8; deny all; proxy_pass http://a.internal;'],
    ['a limit by something else', 'limit_req zone=odd; proxy_pass http://a.internal;'],
    ['two limits', 'limit_req zone=ip; limit_req zone=header; proxy_pass http://a.internal;'],
    ['an unknown zone', 'limit_conn nowhere 5; proxy_pass http://a.internal;'],
    ['a subrequest that leads nowhere', 'auth_request /nowhere; proxy_pass http://a.internal;'],
    ['passwords without a file', 'auth_basic on; proxy_pass http://a.internal;'],
    ['an address with variables', 'proxy_pass http://$http_host;'],
    ['a rewrite', 'rewrite ^/p/(\\d+)$ /x?id=$1 break; proxy_pass http://a.internal;'],
    ['a redirect with variables', 'return 302 /login?next=$uri;'],
    ['a text with variables', 'return 200 $remote_addr;'],
    ['methods beside a rewrite', 'limit_except GET { deny all; } rewrite ^/p/(.*)$ /$1 break; proxy_pass http://a.internal;'],
    ['a limit by a table with regexes', 'limit_req zone=odd2; proxy_pass http://a.internal;'],
    ['a limit by a table of addresses that are counted', 'limit_req zone=odd3; proxy_pass http://a.internal;'],
    ['an unreadable size', 'client_max_body_size big; proxy_pass http://a.internal;'],
    ['a regex inside of a prefix', 'location ~ x { deny all; } proxy_pass http://a.internal;']
  ]
  const zones = 'map $http_x_key $odd2 { default $http_x_key; ~^a ""; } geo $near { default 1; 10.0.0.0/8 0; 10.1.0.0/16 1; } map $near $odd3 { 0 ""; 1 $binary_remote_addr; } limit_req_zone $odd2 zone=odd2:1m rate=1r/s; limit_req_zone $odd3 zone=odd3:1m rate=1r/s; limit_req_zone $request_uri zone=odd:1m rate=1r/s; limit_req_zone $remote_addr zone=ip:1m rate=1r/m; limit_req_zone $http_x_key zone=header:1m rate=1r/s;'
  const { value } = await nginx(t, `http { ${zones} server { ${cases.map(([, text], index) => `location /p${index} { ${text} }`).join('\n')} location /fine { proxy_pass http://a.internal; } } }`)
  for (const [index, [words]] of cases.entries()) t.ok(closed(value, `/p${index}`), words)
  t.notOk(closed(value, '/fine'))
  const { value: methods } = await nginx(t, 'server { location / { limit_except GET { perl guard; } proxy_pass http://a.internal; } }')
  t.match(routesOf(methods).map(({ methods, plugins }) => [methods, plugins?.some(({ name }: Tree) => name === 'request-termination') ?? false]), [[['GET', 'HEAD'], false], [['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'], true]])
})

t.test('limit_except answers each method as nginx does', { skip: noNginx }, async t => {
  const service = createServer((request, response) => response.end(request.url)).listen(0, '127.0.0.1')
  await once(service, 'listening')
  t.teardown(() => { service.close(); service.closeAllConnections() })
  const pass = `proxy_pass http://127.0.0.1:${(service.address() as AddressInfo).port};`
  const text = `server { listen 80; server_name a.test;
    location / { ${pass} limit_except GET { deny all; } }
    location /api { ${pass} }
    location /api/read { deny 192.0.2.1; limit_except GET POST { allow 192.0.2.0/24; deny all; } ${pass} }
    location /api/read/all { ${pass} }
    location /here { limit_except POST { allow 127.0.0.0/8; deny all; } ${pass} }
    location /exact/ { ${pass} limit_except GET { deny all; } location /exact/in { ${pass} } }
    location = /api/one { ${pass} limit_except DELETE { deny all; } }
    location ~ \\.txt$ { limit_except PUT { deny all; } ${pass} }
    location /closed { deny all; limit_except GET { allow all; } ${pass} }
  }
  server { listen 80 default_server; server_name b.test; location / { ${pass} } }\n`
  const [real, imported] = [await runNginx(t, text), await runImported(t, text)]
  for (const path of ['/', '/x', '/api', '/api/x', '/api/read', '/api/read/all', '/here', '/exact/a', '/exact/in', '/api/one', '/api/a.txt', '/a.txt', '/closed']) {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      t.equal(await get(imported, 'a.test', path, method), await get(real, 'a.test', path, method), `${method} ${path}`)
    }
  }
  t.equal(await get(imported, 'b.test', '/x', 'DELETE'), await get(real, 'b.test', '/x', 'DELETE'))
  const result = await nginx(t, text)
  t.match(result.report.findings.filter(({ what }) => what === 'limit_except'), [{ kind: 'changed', message: /find no route: add those that are used/ }])
})

t.test('limits skip the addresses of a table, and fall back from a header to the address', async t => {
  const { value, report } = await nginx(t, `http {
    geo $near { default 1; 10.0.0.0/8 0; 192.168.0.0/24 0; }
    map $near $key { 0 ""; 1 $binary_remote_addr; }
    map $http_x_api_key $who { default $http_x_api_key; "" $binary_remote_addr; }
    limit_req_zone $key zone=a:1m rate=5r/s; limit_req_zone $who zone=b:1m rate=5r/m; limit_conn_zone $key zone=c:1m;
    server {
      location /a { limit_req zone=a; proxy_pass http://a.internal; }
      location /b { limit_req zone=b; proxy_pass http://a.internal; }
      location /c { limit_conn c 3; proxy_pass http://a.internal; }
    } }`)
  t.match(pluginsOf(value, '/a')['rate-limiting'], { second: 5, limit_by: 'ip', exempt: { ips: ['10.0.0.0/8', '192.168.0.0/24'] } })
  t.match(pluginsOf(value, '/b')['rate-limiting'], { minute: 5, limit_by: 'header', header_name: 'x-api-key' })
  t.match(pluginsOf(value, '/c')['concurrency-limiting'], { limit: 3, limit_by: 'ip', exempt: { ips: ['10.0.0.0/8', '192.168.0.0/24'] } })
  t.same(report.findings.filter(({ kind }) => kind === 'closed'), [])
})

t.test('a location that can\'t be said closes those that its requests would reach', async t => {
  const result = await nginx(t, `server {
    location ~ a|b { deny all; }
    location ~ ^/later { proxy_pass http://a.internal; }
    location = /exact { proxy_pass http://a.internal; }
    location ^~ /held/ { proxy_pass http://a.internal; }
    location / { proxy_pass http://a.internal; }
  }`)
  t.same(said(result, 'left_out'), ['location ~ a|b'])
  t.same(['/', '~/later', '~/exact$', '~/held/'].map(path => closed(result.value, path)), [false, false, false, false].map((_, index) => index < 2))
  t.match((await nginx(t, 'server { rewrite ^/x /y; location / { proxy_pass http://a.internal; } }')).report.findings, [{ kind: 'closed' }])
})

t.test('users of a file of passwords are consumers, those of two files in groups', async t => {
  const hash = '$2y$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234'
  const one = await nginx(t, 'server { auth_basic "Staff"; auth_basic_user_file users; location / { proxy_pass http://a.internal; } location /open { auth_basic off; proxy_pass http://a.internal; } }', { users: `ann:${hash}\n# nobody\nbob:$apr1$abc$def\n` })
  t.match(one.value['consumers'], [{ username: 'ann', basicauth_credentials: [{ username: 'ann', password: hash }] }])
  t.same(said(one, 'left_out'), ['user bob of users'])
  t.notOk('basic-auth' in pluginsOf(one.value, '/open'))
  t.notMatch(JSON.stringify(one.report), 'apr1')
  const two = await nginx(t, 'server { auth_basic x; location /a { auth_basic_user_file a.users; proxy_pass http://a.internal; } location /b { auth_basic_user_file b.users; proxy_pass http://a.internal; } }', { 'a.users': `ann:${hash}\n`, 'b.users': `ann:${hash}\nbob:${hash}\n` })
  t.match(two.value['consumers'], [{ username: 'ann', acls: [{ group: 'htpasswd-a.users' }, { group: 'htpasswd-b.users' }] }, { username: 'bob', acls: [{ group: 'htpasswd-b.users' }] }])
  t.match(pluginsOf(two.value, '/a'), { acl: { allow: ['htpasswd-a.users'] } })
})

t.test('includes are read; servers of other ports, other things and preflights are said', async t => {
  const result = await nginx(t, `http { include conf.d/*.conf; include mime.types; }
stream { server { listen 53; } }`, {
    'conf.d': {
      'b.conf': 'server { listen 8080 default_server; server_name b.test *.b.test; location / { if ($request_method = OPTIONS) { add_header X y; return 204; } proxy_pass https://b.internal; proxy_ssl_verify on; proxy_next_upstream off; client_max_body_size 0; proxy_set_header Host fixed.test; proxy_set_header X-Id $request_id; proxy_set_header X-Odd $odd; add_header X-Odd $odd; return 444; } }',
      'a.conf': 'upstream a { ip_hash; server a1; server unix:/x; server a2 down; } server { listen 8080; server_name .a.test; location / { try_files $uri @app; } location @app { proxy_pass http://a; proxy_set_header Host fixed.test; proxy_set_header X-Id $request_id; proxy_set_header X-Odd $odd; client_max_body_size 0; } location /php { fastcgi_pass php:9000; } location /text { return 418 tea; } }',
      'c.conf': 'server { listen 9090; location / { proxy_pass http://c.internal; } }',
      'd.txt': 'nonsense'
    }
  })
  const { value } = result
  t.match(value['upstreams'], [{ algorithm: 'consistent-hashing', hash_on: 'ip', targets: [{ target: 'a1:80' }, { target: 'a2:80', weight: 0 }] }])
  t.match(pluginsOf(value, '/php'), { 'request-termination': { status_code: 404 } })
  t.match(pluginsOf(value, '/text'), { 'request-termination': { status_code: 418, body: 'tea' } })
  t.same(routesOf(value).filter(({ hosts }) => hosts !== undefined).map(({ hosts }) => hosts.join())[0], 'a.test,*.a.test')
  t.match(JSON.stringify(value), '"replace":{"headers":["Host:fixed.test"]}')
  t.match(JSON.stringify(value), '"add":{"headers":["X-Id:$(request_id)"]}')
  t.match(new Set(said(result, 'left_out')), new Set(['stream', 'server _', 'upstream a: server unix:/x', 'location /: proxy_set_header X-Odd', 'location /php', 'if ($request_method = OPTIONS)']))
  t.match(value['gateway'].listen, [{ port: 8080 }])
})

t.test('what nginx would not read is refused with its place', async t => {
  const cwd = t.testdir({ 'a.conf': 'server {\n location / {\n', 'b.conf': 'server { listen 80 }\n', 'c.conf': 'events {}\n', 'd.conf': '}\n', 'e.conf': 'server { x "abc; }\n', 'f.conf': 'include f.conf;\n', 'g.conf': 'server { content_by_lua_block { x } }\n' })
  for (const [file, message] of [['a.conf', /isn't closed/], ['b.conf', /b\.conf:1: `listen` has no end/], ['c.conf', /no `server` block/], ['d.conf', /d\.conf:1: unexpected/], ['e.conf', /e\.conf:1: a quote/], ['f.conf', /include each other/], ['g.conf', /Lua/]] as const) {
    t.match(await runCli(['import', 'nginx', file], { cwd }), { code: 3, stdout: '', stderr: message }, file)
  }
})

t.test('set_real_ip_from of a location is said: addresses are trusted for the whole gateway', async t => {
  const result = await nginx(t, 'http { server { listen 80; set_real_ip_from 10.0.0.1; location /a { set_real_ip_from 10.0.0.2; allow 192.0.2.1; deny all; proxy_pass http://127.0.0.1:1; } } }')
  t.same(result.value['gateway'].trusted_ips, ['10.0.0.1'])
  t.same(said(result, 'todo').filter(what => what.includes('real_ip')), ['set_real_ip_from 10.0.0.2'])
})
