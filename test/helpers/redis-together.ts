import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { freePort } from './free-port.ts'
import { startRedis } from './redis.ts'
import { until } from './running.ts'

const cli = promisify(execFile)

/** One for each that runs: `t.testdir()` is emptied by each call, which fails while another node writes to it. */
function folder (t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), 'sallyport-redis-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

async function startNodes (t: Test): Promise<number[]> {
  const ports: number[] = []
  for (let node = 0; node < 3; node++) {
    const bus = await freePort()
    const { port } = await startRedis(t, ['--cluster-enabled', 'yes', '--cluster-config-file', join(folder(t), 'nodes.conf'), '--cluster-port', String(bus), '--cluster-announce-ip', '127.0.0.1'])
    ports.push(port)
  }
  return ports
}

/** A port that was free a moment ago may be another's by now, and a node ends for it: then there are three new ones. */
async function joined (t: Test, tries = 3): Promise<number[]> {
  const ports = await startNodes(t)
  try {
    await cli('redis-cli', ['--cluster', 'create', ...ports.map(port => `127.0.0.1:${port}`), '--cluster-yes'])
    return ports
  } catch (error) {
    if (tries === 1) throw error
    return await joined(t, tries - 1)
  }
}

/** A Redis Cluster of three nodes. @returns their ports */
export async function startCluster (t: Test): Promise<number[]> {
  const ports = await joined(t)
  for (const port of ports) {
    const node = new Redis(port, '127.0.0.1')
    await until('the node knows the cluster', async () => String(await node.call('CLUSTER', 'INFO')).includes('cluster_state:ok'))
    node.disconnect()
  }
  return ports
}

/** A sentinel that knows one master, `main`. @returns its port */
export async function startSentinel (t: Test, master: number): Promise<number> {
  const port = await freePort()
  const file = join(folder(t), 'sentinel.conf')
  writeFileSync(file, `port ${port}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 ${master} 1\nsentinel down-after-milliseconds main 300\nsentinel failover-timeout main 2000\n`)
  await startRedis(t, [file, '--sentinel'], port)
  return port
}
