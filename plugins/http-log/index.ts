import { createHash } from 'node:crypto'
import { BatchQueue, createLineEditor, definePlugin, fieldFindings, logMetrics, type LogSink, outward } from '../../src/plugin.ts'
import { credentialsOf, Poster } from './poster.ts'
import { HttpLog } from './schema.ts'

interface State {
  readonly queue: BatchQueue
  readonly sink: LogSink
}

const OWN = new Set(['host', 'content-length', 'content-type'])

export default definePlugin({
  name: 'http-log',
  // Kong's; what it sends is decided when all log hooks have run
  priority: 12,
  schema: HttpLog,
  scopes: ['global', 'service', 'route', 'consumer'],
  refuses: {
    retry_count: 'use `queue.max_retry_time`',
    queue_size: 'use `queue.max_batch_size`',
    flush_timeout: 'use `queue.max_coalescing_delay`'
  },
  * check (config) {
    yield * fieldFindings(config)
    if (!URL.canParse(config.http_endpoint)) {
      yield { path: '/http_endpoint', message: 'That is no address', mend: 'Write one as `https://logs.example.com/ingest`.' }
      return
    }
    try {
      credentialsOf(new URL(config.http_endpoint))
    } catch {
      yield { path: '/http_endpoint', message: 'A `%` in the name or password begins no escape', mend: 'Write `%` as `%25`.' }
    }
    for (const name of Object.keys(config.headers)) {
      const own = OWN.has(name.toLowerCase())
      if (own) yield { path: `/headers/${name}`, message: `\`${name}\` is set by the plugin`, mend: name.toLowerCase() === 'content-type' ? 'Use `content_type`.' : 'Leave it out.' }
      if (name.toLowerCase() === 'authorization' && new URL(config.http_endpoint).username !== '') {
        yield { path: `/headers/${name}`, message: 'The endpoint has a user name, which becomes Authorization as well', mend: 'Keep one of the two.' }
      }
    }
  },
  metrics: (states: readonly State[]) => logMetrics('http-log', states.map(({ queue }) => queue)),
  setup (config, gateway): State {
    // hashed: there may be a password in it
    const key = createHash('sha256').update(JSON.stringify({ ...config, custom_fields: null, custom_fields_by_lua: null })).digest('hex')
    const { queue } = gateway.keep(`queue:${key}`, () => {
      const poster = new Poster(config)
      return { poster, queue: new BatchQueue(config.queue, gateway.log, outward(gateway, async batch => await poster.send(batch))) }
    }, async ({ poster, queue }) => {
      await queue.close()
      poster.close()
    })
    const edit = createLineEditor(config)
    return { queue, sink: { take: line => queue.add((edit === null ? line : edit(line)).slice(0, -1)) } }
  },
  register (scope, { state: { sink } }) {
    scope.addHook('onResponse', function httpLog ({ gateway }) {
      gateway.logTo(sink)
    })
  }
})
