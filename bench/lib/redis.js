/** A Redis of its own for a participant that needs one: on the load core, so that its CPU is not the participant's. */
import { has } from './children.js'

export const redisMissing = has('redis-server') ? null : 'apt-get install redis-server'

export function redis ({ port, dir }) {
  return { command: 'redis-server', args: ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', dir] }
}
