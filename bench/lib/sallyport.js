/** Sallyport as a participant: the gateway as users start it, on a file of its own. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url))
const manifest = new URL('../../package.json', import.meta.url)

/** Arguments for `node` that start the gateway on a file. */
export function startArguments (file) {
  return [main, 'start', file, '--admin-port', 'off']
}

/** gateway.yaml is written as JSON, which YAML contains. */
export function writeConfiguration (dir, { port, accessLog = false, ...rest }) {
  const file = join(dir, 'gateway.yaml')
  writeFileSync(file, JSON.stringify({
    _format_version: '3.0',
    gateway: {
      listen: [{ host: '127.0.0.1', port }],
      // `info` is where the access log's lines are
      log: { level: accessLog ? 'info' : 'error', access: accessLog }
    },
    ...rest
  }, null, 2))
  return file
}

export function sallyport ({ name, plugins = [], accessLog = false, adds }) {
  return {
    name,
    adds,
    missing: existsSync(main) ? null : 'npm run build',
    version: () => JSON.parse(readFileSync(manifest, 'utf8')).version,
    program ({ port, upstream, dir }) {
      const file = writeConfiguration(dir, {
        port,
        accessLog,
        services: [{ name: 'upstream', url: `http://127.0.0.1:${upstream}`, routes: [{ name: 'all', paths: ['/'] }] }],
        ...(plugins.length === 0 ? {} : { plugins })
      })
      return { command: process.execPath, args: startArguments(file), ...(accessLog ? { output: join(dir, 'access.log') } : {}) }
    }
  }
}
