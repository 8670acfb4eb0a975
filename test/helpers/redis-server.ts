import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import type { Test } from 'tap'
import { freePort } from './free-port.ts'

/** The program: `REDIS_SERVER=valkey-server npm test` runs the tests with Valkey. */
export const redisProgram = process.env['REDIS_SERVER'] ?? 'redis-server'

/** A real Redis for the time of a test, on a port of its own, without a file. */
export interface RedisServer {
  readonly url: string
  readonly port: number
  /** Ends it, as an outage does. */
  stop (): Promise<void>
  /** Starts it again, empty, on the same port. */
  start (): Promise<void>
}

/** Whether tests have to be skipped: only outside of CI, where .ci/run installs it. */
export const noRedis: string | false = process.env['CI'] === undefined && spawnSync(redisProgram, ['--version']).error !== undefined && 'redis-server is not installed'

export async function startRedis (t: Test, password?: string): Promise<RedisServer> {
  const port = await freePort()
  let child: ChildProcess | null = null

  async function start (): Promise<void> {
    const started = spawn(redisProgram, ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...password === undefined ? [] : ['--requirepass', password]], { stdio: ['ignore', 'pipe', 'ignore'] })
    child = started
    await new Promise<void>((resolve, reject) => {
      let output = ''
      started.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text
        if (output.includes('Ready to accept connections')) resolve()
      })
      started.once('error', reject)
      started.once('exit', () => reject(new Error(`redis-server ended: ${output}`)))
    })
  }

  async function stop (): Promise<void> {
    const running = child
    child = null
    if (running === null || running.exitCode !== null || running.signalCode !== null) return
    const ended = new Promise(resolve => running.once('exit', resolve))
    running.kill('SIGKILL')
    await ended
  }

  t.teardown(stop)
  await start()
  return { port, url: `redis://${password === undefined ? '' : `:${password}@`}127.0.0.1:${port}`, start, stop }
}
