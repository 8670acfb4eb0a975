import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import type { Test } from 'tap'
import { freePort } from './free-port.ts'
import { redisProgram } from './redis-server.ts'
import { until, Vain } from './running.ts'

export interface RedisServer {
  readonly port: number
  readonly child: ChildProcess
  /** Kills it at once. */
  stop (): Promise<void>
}

/** A real Redis (or what `REDIS_SERVER` names) for the time of a test, that keeps nothing on disk. */
export async function startRedis (t: Test, args: readonly string[] = [], port?: number): Promise<RedisServer> {
  const at = port ?? await freePort()
  const own = ['--port', String(at), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', tmpdir()]
  // a file to start from comes first, and says all
  const child = spawn(redisProgram, args[0]?.startsWith('-') === false ? [...args] : [...own, ...args], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  t.teardown(stop)
  await until('Redis listens', () => new Promise((resolve, reject) => {
    if (child.exitCode !== null) reject(new Vain(`redis-server ended: ${child.spawnargs.join(' ')}`))
    const socket = connect(at, '127.0.0.1')
    socket.once('connect', () => { socket.destroy(); resolve(true) })
    socket.once('error', () => { resolve(false) })
  }))
  return { port: at, child, stop }
}
