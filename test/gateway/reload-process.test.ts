import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { ask, gatewayYaml, startProcess, until, upstream } from '../helpers/running.ts'

t.test('an editor that replaces the file, a bad file, SIGHUP', async t => {
  const port = await upstream(t, (request, response) => { response.end(`${request.url}.`) })
  const gateway = await startProcess(t, gatewayYaml(port))
  const replace = (yaml: string): void => {
    writeFileSync(`${gateway.file}.tmp`, yaml)
    renameSync(`${gateway.file}.tmp`, gateway.file)
  }
  replace(gatewayYaml(port).replace('paths: [/]', 'paths: [/v2]'))
  await gateway.logged(/configuration reloaded/)
  t.equal((await ask(gateway.port, '/v2/a')).text, '/a.')
  t.equal((await ask(gateway.port, '/a')).status, 404)

  const bad = gatewayYaml(port).replace('paths: [/]', 'path: [/]')
  replace(bad)
  await gateway.logged(/reload refused/)
  t.equal((await ask(gateway.port, '/v2/a')).text, '/a.', 'the running configuration is untouched')
  const line = bad.split('\n').findIndex(text => text.includes('path: [/]')) + 1
  const { last_reload: last, configuration } = await gateway.status()
  t.match(configuration, { snapshot: 2, routes: 1, services: 1, plugins: 0, hash: /^sha256:[0-9a-f]{64}$/, file: gateway.file })
  t.match(last, { ok: false, trigger: 'file', error: '1 error in the file', diagnostics: [{ rule: 'unknown-key', range: { line } }] })
  const logged = gateway.log.find(({ msg }) => msg.startsWith('reload refused'))
  t.match(logged?.msg, `${line}:9: error:`, 'the log has what check prints')
  t.match(logged?.msg, 'path: [/]', 'with the line of the file')

  gateway.child.kill('SIGHUP')
  await until('the reload of the signal', async () => (await gateway.status()).last_reload?.trigger === 'signal')
  t.match((await gateway.status()).last_reload, { ok: false })
  replace(gatewayYaml(port))
  await until('the good file again', async () => (await gateway.status()).last_reload?.ok === true)
  t.equal((await ask(gateway.port, '/a')).text, '/a.')
  gateway.child.kill('SIGHUP')
  await until('a reload of the same content', async () => (await gateway.status()).configuration.snapshot === 4)
})

t.test('signals to a gateway that is just starting neither end it nor open a debugger', async t => {
  // while the first module of the program is looked for: nothing but main.js has run
  const hooks = `export async function resolve (specifier, context, next) {
    if (specifier.endsWith('/program.js')) for (const signal of ['SIGHUP', 'SIGUSR1']) process.kill(process.pid, signal)
    return await next(specifier, context)
  }`
  const preload = `import { register } from 'node:module'; register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hooks)}`)})`
  const child = spawn(process.execPath, ['--import', `data:text/javascript,${encodeURIComponent(preload)}`, path.resolve('dist/src/cli/main.js'), 'start', path.join(t.testdir({}), 'none.yaml')], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', text => { said += String(text) })
  const [code, signal] = await once(child, 'close') as [number | null, string | null]
  t.same({ code, signal }, { code: 3, signal: null })
  t.notMatch(said, /Debugger/)
  t.match(said, /no such file/)
})

t.test('a Kubernetes ConfigMap', async t => {
  const port = await upstream(t, (request, response) => { response.end(`${request.url}.`) })
  const folder = t.testdir({})
  const put = (version: number, yaml: string): void => {
    mkdirSync(path.join(folder, `..${version}`))
    writeFileSync(path.join(folder, `..${version}`, 'gateway.yaml'), yaml)
    symlinkSync(`..${version}`, path.join(folder, '..data_tmp'))
    renameSync(path.join(folder, '..data_tmp'), path.join(folder, '..data'))
    rmSync(path.join(folder, `..${version - 1}`), { recursive: true, force: true })
  }
  put(1, gatewayYaml(port))
  symlinkSync('..data/gateway.yaml', path.join(folder, 'gateway.yaml'))
  const gateway = await startProcess(t, path.join(folder, 'gateway.yaml'))
  for (let version = 2; version <= 4; version++) {
    put(version, gatewayYaml(port).replace('paths: [/]', `paths: [/v${version}]`))
    await until(`version ${version}`, async () => (await gateway.status()).configuration.snapshot === version)
    t.equal((await ask(gateway.port, `/v${version}/a`)).text, '/a.')
  }
})
