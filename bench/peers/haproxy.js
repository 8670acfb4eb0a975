import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { has, versionLine } from '../lib/children.js'

export default {
  name: 'haproxy',
  missing: has('haproxy') ? null : 'apt-get install haproxy',
  version: () => versionLine('haproxy', ['-v']).split(' ')[2],
  program ({ port, upstream, dir, tls = '', rules = '' }) {
    const file = join(dir, 'haproxy.cfg')
    writeFileSync(file, `
global
  nbthread 1
  maxconn 1024
defaults
  mode http
  option forwardfor
  http-reuse always
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend in
  bind 127.0.0.1:${port}${tls}${rules}
  default_backend backend
backend backend
  server one 127.0.0.1:${upstream}
`)
    return { command: 'haproxy', args: ['-db', '-q', '-f', file] }
  }
}
