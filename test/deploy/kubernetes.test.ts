/** deploy/kubernetes/: manifests that agree with each other, and with what the gateway does. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { loadAll } from 'js-yaml'
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { packageRoot } from '../helpers/package-root.ts'

const folder = join(packageRoot, 'deploy/kubernetes')
const files = readdirSync(folder).filter(name => name.endsWith('.yaml'))

/** As much of a manifest as this test looks at. */
interface Manifest {
  readonly kind: string
  readonly metadata?: { readonly name: string }
  readonly [field: string]: unknown
}

const manifests = files.flatMap(name => loadAll(readFileSync(join(folder, name), 'utf8')) as Manifest[])

function find (kind: string, name: string): Manifest {
  const found = manifests.filter(one => one.kind === kind && one.metadata?.name === name)
  if (found.length !== 1) throw new Error(`${found.length} × ${kind} ${name}`)
  return found[0] as Manifest
}

/** What stands at a path of names and numbers. */
function at (value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, name) => (inner as Record<string, unknown> | undefined)?.[name], value)
}

const pods = manifests.filter(one => ['Deployment', 'StatefulSet', 'Job'].includes(one.kind)).map(one => ({ name: one.metadata?.name, kind: one.kind, pod: at(one, 'spec.template.spec') }))
const { config, diagnostics } = await loadConfig({
  file: 'gateway.yaml',
  text: (find('ConfigMap', 'sallyport')['data'] as Record<string, string>)['gateway.yaml'] ?? '',
  env: { REDIS_PASSWORD: 'from-the-secret', ADMIN_TOKEN: 'from-another-secret' }
})
const gateway = at(find('Deployment', 'sallyport'), 'spec.template.spec')
const container = at(gateway, 'containers.0')

t.test('all files are listed, and nothing else', async t => {
  const [list] = manifests.filter(one => one.kind === 'Kustomization')
  t.same([...list?.['resources'] as string[]].sort(), files.filter(name => name !== 'kustomization.yaml').sort())
})

t.test('no field has a name or a type that Kubernetes does not know', async t => {
  const ajv = new Ajv({ strict: false, allErrors: true })
  ajv.addSchema(JSON.parse(readFileSync(join(packageRoot, 'test/fixtures/kubernetes.json'), 'utf8')), 'kubernetes')
  const findings = (manifest: unknown, kind: string): string[] => {
    const validate = ajv.getSchema(`kubernetes#/kinds/${kind}`)
    if (validate === undefined) return [`nobody knows a ${kind}`]
    return validate(manifest) === true ? [] : (validate.errors ?? []).map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`)
  }
  const kinds = manifests.filter(({ kind }) => kind !== 'Kustomization')
  t.equal(kinds.length, 11)
  for (const manifest of kinds) t.same(findings(manifest, manifest.kind), [], `${manifest.kind} ${manifest.metadata?.name}`)
  const wrong = JSON.parse(JSON.stringify(find('Deployment', 'sallyport')).replace('readinessProbe', 'readynessProbe').replace('"containerPort":8000', '"containerPort":"8000"')) as unknown
  t.equal(findings(wrong, 'Deployment').length, 2, 'a wrong name and a wrong type are found')
})

t.test('the configuration loads without a finding', async t => {
  t.same(diagnostics, [])
  t.ok(config)
})

t.test('ports, paths and probes are those of the configuration', async t => {
  const ports = at(container, 'ports') as Array<{ name: string, containerPort: number }>
  t.same(ports, [
    { name: 'http', containerPort: config?.gateway.listen[0]?.port },
    { name: 'admin', containerPort: at(config, 'gateway.admin.port') }
  ])
  t.same([config?.gateway.listen[0]?.host, at(config, 'gateway.admin.host')], ['0.0.0.0', '0.0.0.0'], 'reachable from outside of the pod')
  for (const [probe, path] of [['startupProbe', '/readyz'], ['readinessProbe', '/readyz'], ['livenessProbe', '/livez']]) t.same(at(container, `${probe}.httpGet`), { path, port: 'admin' })
  t.same(at(find('Service', 'sallyport'), 'spec.ports'), [{ name: 'http', port: 80, targetPort: 'http' }])
  t.same(at(find('NetworkPolicy', 'sallyport'), 'spec.ingress'), [{ ports: [{ port: 'http' }] }], 'nobody else reaches the admin listener')
})

t.test('the file is mounted as a folder, so that an exchange of the link is a reload', async t => {
  const [mount] = at(container, 'volumeMounts') as Array<Record<string, unknown>>
  t.same(at(container, 'args'), ['start', `${String(mount?.['mountPath'])}/gateway.yaml`])
  t.equal(mount?.['subPath'], undefined)
  t.same(at(gateway, 'volumes'), [{ name: mount?.['name'], configMap: { name: 'sallyport' } }])
})

t.test('a gateway has time to end in order', async t => {
  const { delay, timeout } = config?.gateway.shutdown ?? { delay: NaN, timeout: NaN }
  t.ok(Number(at(gateway, 'terminationGracePeriodSeconds')) * 1000 > delay + timeout)
  const { periodSeconds, failureThreshold } = at(container, 'readinessProbe') as { periodSeconds: number, failureThreshold: number }
  t.ok(delay > periodSeconds * failureThreshold * 1000, 'the probe notices before the listeners close')
})

t.test('nothing runs as root, writes where it was not told, or may become more', async t => {
  t.equal(pods.length, 3)
  for (const { name, pod } of pods) {
    t.match(at(pod, 'securityContext'), { runAsNonRoot: true, runAsUser: Number, seccompProfile: { type: 'RuntimeDefault' } }, String(name))
    t.equal(at(pod, 'automountServiceAccountToken'), false)
    for (const one of at(pod, 'containers') as unknown[]) {
      t.same(at(one, 'securityContext'), { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }, String(name))
      t.match(at(one, 'resources'), { requests: { cpu: String, memory: String }, limits: { memory: String } })
    }
  }
})

t.test('what selects pods selects those that are meant', async t => {
  for (const [kind, name] of [['Deployment', 'sallyport'], ['StatefulSet', 'redis']] as const) {
    const labels = at(find(kind, name), 'spec.template.metadata.labels')
    t.same(at(find(kind, name), 'spec.selector.matchLabels'), labels)
    t.same(at(find('Service', name), 'spec.selector'), labels)
    t.same(at(find('PodDisruptionBudget', name), 'spec.selector.matchLabels'), labels)
    t.same(at(find('NetworkPolicy', name), 'spec.podSelector.matchLabels'), labels)
  }
  t.match(at(find('HorizontalPodAutoscaler', 'sallyport'), 'spec.scaleTargetRef'), { kind: 'Deployment', name: 'sallyport' })
  t.equal(at(find('Deployment', 'sallyport'), 'spec.replicas'), undefined, 'else each apply would undo the autoscaler')
})

t.test('limits know Redis, its password, and how many gateways there may be', async t => {
  const limits = config?.plugins.find(({ name }) => name === 'rate-limiting')?.config as Record<string, unknown>
  t.equal(limits['replicas'], at(find('HorizontalPodAutoscaler', 'sallyport'), 'spec.maxReplicas'))
  const redis = find('StatefulSet', 'redis')
  const [port] = at(redis, 'spec.template.spec.containers.0.ports') as Array<{ containerPort: number }>
  const node = (index: number): string => `${redis.metadata?.name}-${index}.${String(at(redis, 'spec.serviceName'))}`
  t.same(at(limits, 'redis.cluster_nodes'), [0, 1, 2].map(index => ({ ip: node(index), port: port?.containerPort })))
  t.equal(at(limits, 'redis.password'), 'from-the-secret')
  const all = Array.from({ length: Number(at(redis, 'spec.replicas')) }, (_, index) => node(index)).join(' ')
  const variables = at(find('Job', 'redis-cluster'), 'spec.template.spec.containers.0.env') as Array<{ name: string, value?: string, valueFrom?: unknown }>
  t.equal(variables.find(({ name }) => name === 'NODES')?.value, all)
  t.equal(variables.find(({ name }) => name === 'PORT')?.value, String(port?.containerPort))
  const args = at(redis, 'spec.template.spec.containers.0.args') as string[]
  t.equal(args[args.indexOf('--port') + 1], String(port?.containerPort))
  const secrets = pods.flatMap(({ pod }) => (at(pod, 'containers.0.env') as typeof variables).flatMap(({ valueFrom }) => at(valueFrom, 'secretKeyRef') ?? []))
  const redisSecret = { name: 'sallyport-redis', key: 'password' }
  t.same(secrets, [redisSecret, { name: 'sallyport-admin', key: 'token' }, ...pods.slice(1).map(() => redisSecret)])
})
