import { devNull } from 'node:os'
import { resolve } from 'node:path'
import { createLineEditor, definePlugin, fieldFindings, LogFile, logMetrics, type LogSink } from '../../src/plugin.ts'
import { FileLog } from './schema.ts'

interface State {
  readonly file: LogFile
  readonly sink: LogSink
}

export default definePlugin({
  name: 'file-log',
  // Kong's; what it writes is decided when all log hooks have run
  priority: 9,
  schema: FileLog,
  scopes: ['global', 'service', 'route', 'consumer'],
  * check (config) {
    yield * fieldFindings(config)
    if (config.max_size > 0 && /^\/(?:dev|proc)\//.test(config.path)) yield { path: '/max_size', message: `\`${config.path}\` can't be put aside`, mend: 'Leave `max_size` out.' }
  },
  metrics: (states: readonly State[]) => logMetrics('file-log', states.map(({ file }) => file)),
  async setup (config, gateway): Promise<State> {
    const path = gateway.outside === undefined ? resolve(gateway.directory, config.path) : devNull
    const settings = { maxSize: config.max_size, maxFiles: config.max_files }
    const file = gateway.keep(`file:${path}`, () => new LogFile(path, settings, gateway.log), async file => { await file.close() })
    gateway.serving(() => file.configure(settings))
    await file.ready()
    const edit = createLineEditor(config)
    return { file, sink: { take: line => { file.write(edit === null ? line : edit(line)) } } }
  },
  register (scope, { state: { sink } }) {
    scope.addHook('onResponse', function fileLog ({ gateway }) {
      gateway.logTo(sink)
    })
  },
  reopen: ({ file }) => file.reopen()
})
