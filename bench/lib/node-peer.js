/** Makes a participant of a few lines of Node: they run in a process of their own (serve.js). */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const serve = fileURLToPath(new URL('serve.js', import.meta.url))
const modules = new URL('../node_modules/', import.meta.url)

/**
 * @param {string} url of the peer's file
 * @param {{ name: string, packages: string[], serve: (context: { port: number, upstream: number, dir: string }) => unknown }} peer
 *   `packages`: what it needs of bench/node_modules, the one whose version is shown first
 */
export function nodePeer (url, peer) {
  const missing = peer.packages.filter(name => !existsSync(new URL(`${name}/package.json`, modules)))
  return {
    ...peer,
    missing: missing.length === 0 ? null : `npm ci --prefix bench (${missing.join(', ')})`,
    version () {
      if (peer.packages.length === 0) return process.version
      return JSON.parse(readFileSync(new URL(`${peer.packages[0]}/package.json`, modules), 'utf8')).version
    },
    program: ({ port, upstream, dir }) => ({
      command: process.execPath,
      args: [serve, fileURLToPath(url), port, upstream, dir].map(String)
    })
  }
}
