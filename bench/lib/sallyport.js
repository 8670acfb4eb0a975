/** Sallyport as a participant: the gateway as users start it, on a file of its own. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { certificateTexts } from './certificate.js'

const main = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url))
const manifest = new URL('../../package.json', import.meta.url)

/** Arguments for `node` that start the gateway on a file. */
export function startArguments (file) {
  return [main, 'start', file, '--admin-port', 'off']
}

/** gateway.yaml is written as JSON, which YAML contains. */
export function writeConfiguration (dir, { port, tls = false, accessLog = false, modules = [], ...rest }) {
  const file = join(dir, 'gateway.yaml')
  writeFileSync(file, JSON.stringify({
    _format_version: '3.0',
    gateway: {
      listen: [{ host: '127.0.0.1', port, ...tls ? { tls } : {} }],
      // `info` is where the access log's lines are
      log: { level: accessLog ? 'info' : 'error', access: accessLog },
      ...modules.length === 0 ? {} : { modules }
    },
    ...rest
  }, null, 2))
  return file
}

/**
 * @param options `plugins` may be a function, for what costs time to make or needs the port of `beside`; `field` and `manyValues` see
 *   RunningPeer; `refuses`: a request without the field has to be answered with 401; `tls`: clients speak TLS;
 *   `rest`: more of the file, or what makes it of
 *   the upstream's port
 */
export function sallyport ({ name, plugins = [], accessLog = false, adds, field, manyValues, refuses, beside, tls = false, missing = null, rest = {} }) {
  return {
    name,
    adds,
    ...field === undefined ? {} : { field },
    manyValues,
    refuses,
    rest,
    tls,
    ...beside === undefined ? {} : { beside },
    missing: existsSync(main) ? missing : 'npm run build',
    version: () => JSON.parse(readFileSync(manifest, 'utf8')).version,
    program ({ port, upstream, dir, modules, beside }) {
      const entries = typeof plugins === 'function' ? plugins(beside) : plugins
      const file = writeConfiguration(dir, {
        port,
        accessLog,
        tls,
        ...tls ? { certificates: [certificateTexts(dir)] } : {},
        ...modules === undefined ? {} : { modules },
        services: [{ name: 'upstream', url: `http://127.0.0.1:${upstream}`, routes: [{ name: 'all', paths: ['/'] }] }],
        ...typeof rest === 'function' ? rest(upstream) : rest,
        ...(entries.length === 0 ? {} : { plugins: entries })
      })
      return { command: process.execPath, args: startArguments(file), ...(accessLog ? { output: join(dir, 'access.log') } : {}) }
    }
  }
}
