import { lookup } from 'node:dns/promises'
import { access, constants, stat } from 'node:fs/promises'
import { isIP } from 'node:net'
import { dirname, resolve } from 'node:path'
import type { Config, PluginEntry, Pointer } from '../config/model.ts'
import type { Source } from '../config/source.ts'
import { HIDDEN } from './endpoint.ts'
import { dnsProblem } from './problems.ts'
import { bare, endpointProbe } from './services.ts'
import type { LiveProblem, Probe, ProbeContext } from './probe.ts'
import { directoryProbe, providerProbes } from './providers.ts'
import { redisProbe, redisUrlProbe, type LiveRedis } from './redis.ts'

/** What plugins speak to and write to. Knows the built-in plugins by name, and where their options name others. */
export function * pluginProbes ({ plugins, ca_certificates: authorities }: Pick<Config, 'plugins' | 'ca_certificates'>, source: Source): Generator<Probe> {
  for (const entry of plugins) {
    if (!entry.enabled) continue
    yield * ofEntry(entry, source, authorities)
    const { redis, policy, strategy, storage } = entry.config as { redis?: LiveRedis, policy?: string, strategy?: string, storage?: string }
    if (redis !== undefined && [policy, strategy, storage].includes('redis')) yield redisProbe(`${entry.pointer}/config/redis`, redis)
  }
}

function * ofEntry (entry: PluginEntry, source: Source, authorities: Config['ca_certificates']): Generator<Probe> {
  const { name, config } = entry
  const at = (option: string): Pointer => `${entry.pointer}/config/${option}`
  switch (name) {
    case 'jwt': {
      const { revocation } = config as { revocation?: { redis_url?: string } }
      if (revocation?.redis_url !== undefined) yield redisUrlProbe(at('revocation/redis_url'), revocation.redis_url)
      yield * providerProbes(entry)
      break
    }
    case 'openid-connect':
    case 'oauth2-introspection': yield * providerProbes(entry); break
    case 'acme': yield directoryProbe(at('api_uri'), String(config['api_uri'])); break
    case 'forward-auth': yield urlProbe(at('url'), String(config['url']), config['tls_verify'] === true, source); break
    case 'http-log': yield urlProbe(at('http_endpoint'), String(config['http_endpoint']), config['ssl_verify'] === true, source); break
    case 'opentelemetry': {
      const named = config['ca_certificates'] as readonly string[] | undefined
      const ca = named === undefined ? null : authorities.filter(({ id, name }) => named.includes(id) || (name !== null && named.includes(name))).map(({ cert }) => cert)
      yield urlProbe(at('traces_endpoint'), String(config['traces_endpoint']), true, source, ca)
      break
    }
    case 'tcp-log':
    case 'syslog': {
      const { protocol } = config as { protocol?: string }
      if (protocol === 'udp') yield nameProbe(at('host'), String(config['host']), source)
      else yield socketProbe(entry, config['tls'] === true || protocol === 'tls', source)
      break
    }
    case 'udp-log':
    case 'statsd': yield nameProbe(at('host'), String(config['host']), source); break
    case 'file-log':
    case 'audit-log': yield fileProbe(at('path'), String(config['path']), source); break
  }
}

/** @param ca PEM of the authorities that are trusted; null: those that Node knows */
function urlProbe (pointer: Pointer, url: string, verify: boolean, source: Source, ca: readonly string[] | null = null): Probe {
  const { protocol, hostname, port } = new URL(url)
  const secure = protocol === 'https:'
  const number = port === '' ? (secure ? 443 : 80) : Number(port)
  return endpointProbe(pointer, {
    host: bare(hostname),
    port: number,
    shown: source.isSecret(pointer) ? HIDDEN : `${hostname}:${number}`,
    tls: secure ? { rejectUnauthorized: verify, ...ca === null ? {} : { ca: [...ca], id: ca.join() }, servername: isIP(bare(hostname)) === 0 ? hostname : '' } : null
  })
}

function socketProbe ({ pointer, config }: PluginEntry, secure: boolean, source: Source): Probe {
  const { host, port, tls_sni: name, ssl_verify: verify } = config as { host: string, port: number, tls_sni?: string, ssl_verify: boolean }
  const at = `${pointer}/config/host`
  return endpointProbe(at, {
    host: bare(host),
    port,
    shown: source.isSecret(at) ? HIDDEN : `${host}:${port}`,
    tls: secure ? { rejectUnauthorized: verify, servername: name ?? (isIP(bare(host)) === 0 ? host : '') } : null
  })
}

/** Over UDP nobody answers: the name is all that can be looked at. */
function nameProbe (pointer: Pointer, host: string, source: Source): Probe {
  const shown = source.isSecret(pointer) ? HIDDEN : `'${host}'`
  return {
    key: JSON.stringify(['name', host]),
    pointer,
    async run () {
      try {
        await lookup(bare(host))
        return []
      } catch (error) {
        return [dnsProblem(shown, (error as NodeJS.ErrnoException).code ?? '')]
      }
    }
  }
}

/** Whether a log can be written, without making it. */
function fileProbe (pointer: Pointer, path: string, source: Source): Probe {
  const shown = source.isSecret(pointer) ? 'this file' : `'${path}'`
  return { key: JSON.stringify(['file', path]), pointer, run: async context => await tryFile(path, shown, context) }
}

async function tryFile (path: string, shown: string, { directory }: ProbeContext): Promise<LiveProblem[]> {
  const file = resolve(directory, path)
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => error.code)
  if (typeof found === 'object' && found.isDirectory()) return [{ rule: 'live-file', cause: `${shown} is a folder`, mend: 'Write the name of a file in it.' }]
  const what = found === 'ENOENT' ? dirname(file) : file
  try {
    await access(what, constants.W_OK)
    return []
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return [code === 'ENOENT'
      ? { rule: 'live-file', cause: `there is no folder for ${shown}`, mend: 'Make it.' }
      : { rule: 'live-file', cause: `${shown} can't be written by this user (${code})`, mend: 'Give the user of the gateway leave to write there.' }]
  }
}
