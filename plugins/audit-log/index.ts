import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { devNull } from 'node:os'
import { resolve } from 'node:path'
import { definePlugin, HashChain, lastHash, LogFile, logMetrics, type LogSink } from '../../src/plugin.ts'
import { auditRecord } from './record.ts'
import { AuditLog } from './schema.ts'

interface Audit {
  readonly file: LogFile
  readonly chain: HashChain
}

interface State {
  readonly file: LogFile
  readonly sink: LogSink
}

/** Bytes at the end of a file in which its last record stands. */
const TAIL = 65_536

/** Hash of the last record of a file; null: it has none, or there is no file yet. */
async function tailHash (path: string): Promise<string | null> {
  const handle = await open(path, 'r').catch(() => null)
  if (handle === null) return null
  try {
    const { size } = await handle.stat()
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(size, TAIL)), 0, Math.min(size, TAIL), Math.max(0, size - TAIL))
    return lastHash(buffer.toString('latin1', 0, bytesRead))
  } finally {
    await handle.close()
  }
}

const now = (): { readonly time: string } => ({ time: new Date().toISOString() })

export default definePlugin({
  name: 'audit-log',
  // beside the other log plugins: what it records is decided when all log hooks have run
  priority: 5,
  schema: AuditLog,
  scopes: ['global', 'service', 'route', 'consumer'],
  metrics: (states: readonly State[]) => logMetrics('audit-log', states.map(({ file }) => file)),
  async setup (config, gateway): Promise<State> {
    const path = gateway.outside === undefined ? resolve(gateway.directory, config.path) : devNull
    const after = await tailHash(path)
    // hashed: the key is seen in logs
    const key = createHash('sha256').update(JSON.stringify([path, config.secret ?? null])).digest('hex')
    const { file, chain } = gateway.keep(`audit:${key}`, (): Audit => {
      const file = new LogFile(path, { maxSize: 0, maxFiles: 0 }, gateway.log)
      const chain = new HashChain(config.secret ?? null, line => file.write(line))
      chain.add('start', { ...now(), process: process.pid, version: gateway.version, ...after === null ? {} : { after } })
      return { file, chain }
    }, async ({ file, chain }) => {
      chain.add('end', now())
      await file.close()
    })
    await file.ready()
    const { configuration: sha256 } = gateway
    gateway.serving(() => chain.add('configuration', { ...now(), sha256 }))
    return { file, sink: { take: line => chain.add('request', auditRecord(line)) } }
  },
  register (scope, { config, state: { sink } }) {
    const methods = config.methods.length === 0 ? null : new Set(config.methods)
    scope.addHook('onResponse', function auditLog ({ gateway }) {
      if (methods === null || methods.has(gateway.method)) gateway.logTo(sink)
    })
  },
  reopen: ({ file }) => file.reopen()
})
