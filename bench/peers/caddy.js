import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { has, versionLine } from '../lib/children.js'

export default {
  name: 'caddy',
  missing: has('caddy') ? null : 'apt-get install caddy',
  version: () => versionLine('caddy', ['version']),
  program ({ port, upstream, dir }) {
    const file = join(dir, 'Caddyfile')
    // keepalive_idle_conns_per_host is 32 by default: 18 of our 50 connections would be made anew each time
    writeFileSync(file, `
{
  admin off
  auto_https off
}
http://127.0.0.1:${port} {
  bind 127.0.0.1
  reverse_proxy http://127.0.0.1:${upstream} {
    transport http {
      keepalive_idle_conns_per_host 128
    }
  }
}
`)
    // the runtime takes its number of threads from the one core that it is pinned to
    return {
      command: 'caddy',
      args: ['run', '--config', file, '--adapter', 'caddyfile'],
      env: { HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir }
    }
  }
}
