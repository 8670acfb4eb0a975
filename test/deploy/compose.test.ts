/** deploy/compose.yaml and the Dockerfile: what they say about each other, the configuration and the gateway. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { load } from 'js-yaml'
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { packageRoot } from '../helpers/package-root.ts'

interface Service {
  readonly build?: string
  readonly user?: string
  readonly command?: string[]
  readonly ports?: string[]
  readonly volumes?: string[]
  readonly environment?: Record<string, string>
  readonly depends_on?: string[]
  readonly stop_grace_period?: string
  readonly [field: string]: unknown
}

const file = join(packageRoot, 'deploy/compose.yaml')
const { services } = load(readFileSync(file, 'utf8')) as { services: Record<'gateway' | 'users' | 'redis', Service> }
const { gateway, users, redis } = services
const dockerfile = readFileSync(join(packageRoot, 'Dockerfile'), 'utf8')
/** The list after a word at the beginning of a line. */
const instruction = (word: string): string[] => JSON.parse(new RegExp(`^${word} (\\[.*\\])$`, 'm').exec(dockerfile)?.[1] ?? '[]') as string[]

const [folder, mounted] = gateway.volumes?.[0]?.split(':') ?? []
const source = join(resolve(dirname(file), String(folder)), 'gateway.yaml')
const { config, diagnostics } = await loadConfig({ file: source, text: readFileSync(source, 'utf8'), env: gateway.environment ?? {} })

t.test('the configuration loads with the environment that the gateway gets', async t => {
  t.same(diagnostics, [])
  t.ok(config)
})

t.test('the gateway reads the folder that is mounted, and its ports are those that are published', async t => {
  t.same(instruction('ENTRYPOINT'), ['sallyport'])
  t.same(instruction('CMD'), ['start', `${mounted}/gateway.yaml`])
  t.equal(gateway.command, undefined, 'the image says what runs')
  const { port } = config?.gateway.listen[0] ?? {}
  t.same(gateway.ports, [`${port}:${port}`], 'the admin listener stays inside')
  t.match(dockerfile, new RegExp(`^EXPOSE ${port}$`, 'm'))
  t.match(dockerfile, `http://127.0.0.1:${(config?.gateway.admin as { port?: number } | null)?.port}/readyz`, 'the health check asks the admin listener')
  t.equal(resolve(dirname(file), String(gateway.build)), resolve(packageRoot))
})

t.test('what the image copies exists, and is not kept from it', async t => {
  const ignored = readFileSync(join(packageRoot, '.dockerignore'), 'utf8').split('\n')
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names]) => String(names).split(' '))
  t.ok(copied.length > 5)
  for (const name of copied) {
    t.ok(existsSync(join(packageRoot, name)), name)
    t.ok(ignored.includes(`!${name}`), `${name} reaches the build`)
  }
})

t.test('the unit of systemd starts the command of the package, and waits for what runs', async t => {
  const unit = readFileSync(join(packageRoot, 'deploy/systemd/sallyport.service'), 'utf8')
  const { bin } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { bin: { sallyport: string } }
  const value = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1] ?? ''
  t.equal(value('ExecStart'), `/usr/bin/node /opt/sallyport/${bin.sallyport} start ${mounted}/gateway.yaml`)
  t.equal(value('ExecReload'), `/usr/bin/node /opt/sallyport/${bin.sallyport} check ${mounted}/gateway.yaml`)
  const { delay, timeout } = config?.gateway.shutdown as { delay: number, timeout: number }
  t.ok(Number(value('TimeoutStopSec')) * 1000 > delay + timeout)
  t.equal(value('EnvironmentFile'), `-${mounted}/environment`)
})

t.test('names of hosts are services that are started first', async t => {
  const limits = config?.plugins.find(({ name }) => name === 'rate-limiting')?.config as { redis: { host: string, port: number } }
  t.same([config?.services[0]?.host, limits.redis.host], gateway.depends_on)
  for (const name of gateway.depends_on ?? []) t.ok(Object.hasOwn(services, name), name)
  t.equal(limits.redis.port, 6379, 'where Redis listens unless told')
  t.notOk(redis.command?.includes('--port'))
  const [upstreams, at] = users.volumes?.[0]?.split(':') ?? []
  t.ok(existsSync(resolve(dirname(file), String(upstreams), String(users.command?.[1]).replace(`${at}/`, ''))), 'the service\'s own program')
})

t.test('a gateway has time to end in order', async t => {
  const { delay, timeout } = config?.gateway.shutdown ?? { delay: NaN, timeout: NaN }
  t.ok(parseInt(String(gateway.stop_grace_period), 10) * 1000 > delay + timeout)
})

t.test('nothing runs as root, writes where it was not told, or may become more', async t => {
  for (const [name, service] of Object.entries(services)) {
    t.match(service, { read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] }, name)
    if (name === 'gateway') t.match(dockerfile, /^USER node$/m)
    else t.type(service.user, 'string', name)
    for (const volume of service.volumes ?? []) t.match(volume, /:ro$/)
  }
})
