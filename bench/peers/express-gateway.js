import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { nodePeer } from '../lib/node-peer.js'

export default nodePeer(import.meta.url, {
  name: 'express-gateway',
  packages: ['express-gateway'],
  async serve ({ port, upstream, dir }) {
    const require = createRequire(import.meta.url)
    const main = require.resolve('express-gateway')
    mkdirSync(join(dir, 'models'), { recursive: true })
    cpSync(join(dirname(main), 'config', 'models'), join(dir, 'models'), { recursive: true })
    cpSync(join(dirname(main), 'config', 'system.config.yml'), join(dir, 'system.config.yml'))
    writeFileSync(join(dir, 'gateway.config.yml'), `
http:
  port: ${port}
  hostname: 127.0.0.1
apiEndpoints:
  api:
    host: '*'
    paths: '/*'
serviceEndpoints:
  backend:
    url: http://127.0.0.1:${upstream}
policies:
  - proxy
pipelines:
  default:
    apiEndpoints:
      - api
    policies:
      - proxy:
          - action:
              serviceEndpoint: backend
`)
    await require('express-gateway')().load(dir).run()
  }
})
