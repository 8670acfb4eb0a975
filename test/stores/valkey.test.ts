import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { text } from 'node:stream/consumers'
import t from 'tap'

const skip = spawnSync('valkey-server', ['--version']).error !== undefined && 'valkey-server is not installed'

for (const name of ['redis-counters', 'synced-counters']) {
  t.test(`what is promised of Redis is true of Valkey: ${name}`, { skip }, async t => {
    const child = spawn(process.execPath, [fileURLToPath(new URL(`${name}.test.js`, import.meta.url))], {
      env: { ...process.env, REDIS_SERVER: 'valkey-server' }, stdio: ['ignore', 'pipe', 'inherit']
    })
    const ended = new Promise(resolve => child.once('exit', resolve))
    const output = await text(child.stdout)
    t.equal(await ended, 0, 'it ends well') || t.comment(output)
    t.match(output, /^ok \d+/m, 'it ran')
  })
}
