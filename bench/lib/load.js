/** The load generator: wrk where it is installed, autocannon where not. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { has, start, versionLine } from './children.js'

const script = fileURLToPath(new URL('wrk.lua', import.meta.url))
const autocannon = fileURLToPath(new URL('../node_modules/autocannon/autocannon.js', import.meta.url))

/**
 * `field`: a header field for every request, `{ name, file, values }`; of several values each request takes the next, as
 * they stand in `file`. `tls`: over TLS.
 *
 * @returns {{ name: string, manyValues: boolean, run: (port: number, one: object, seconds: number, field?: object | null, tls?: boolean) => Promise<object> } | null}
 */
export function loadGenerator ({ connections, core, nice }) {
  if (has('wrk')) {
    return {
      name: versionLine('wrk', ['-v']).replace(/ Copyright.*/, ''),
      manyValues: true,
      async run (port, one, seconds, field = null, tls = false) {
        const output = await outputOf({
          command: 'wrk',
          args: ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', script, `http${tls ? 's' : ''}://127.0.0.1:${port}${one.path}`],
          env: {
            ...one.body === null ? {} : { BENCH_BODY: one.body },
            ...field === null ? {} : { BENCH_FIELD_NAME: field.name, BENCH_FIELD_VALUES: field.file }
          }
        }, { core, nice })
        const { requests, microseconds, status, ...socket } = JSON.parse(output.trim().split('\n').at(-1))
        const socketErrors = socket.connect + socket.read + socket.write + socket.timeout
        return { requests: requests - status, seconds: microseconds / 1e6, failed: status, socketErrors }
      }
    }
  }
  if (!existsSync(autocannon)) return null
  return {
    name: 'autocannon',
    manyValues: false,
    async run (port, one, seconds, field = null, tls = false) {
      const post = one.body === null ? [] : ['-m', one.method, '-H', 'content-type=application/json', '-b', one.body]
      const output = await outputOf({
        command: process.execPath,
        args: [autocannon, '--json', '-c', connections, '-d', seconds, ...post, ...field === null ? [] : ['-H', `${field.name}=${field.values[0]}`], `http${tls ? 's' : ''}://127.0.0.1:${port}${one.path}`].map(String)
      }, { core, nice })
      const result = JSON.parse(output)
      return { requests: result['2xx'], seconds: result.duration, failed: result.non2xx, socketErrors: result.errors + result.timeouts }
    }
  }
}

async function outputOf (program, priority) {
  const child = start(program, { ...priority, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', text => { output += text })
  await new Promise(resolve => child.once('close', resolve))
  if (child.exitCode !== 0) throw new Error(`${program.command} ended with ${child.exitCode ?? child.signalCode}: ${child.said}`)
  return output
}
