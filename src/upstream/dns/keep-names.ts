import type { FastifyBaseLogger } from 'fastify'
import type { GatewaySettings } from '../../config/model.ts'
import type { KeptState } from '../../gateway/keep.ts'
import { lookUp } from './look-up.ts'
import { createNameServer, type NameServer } from './name-server.ts'
import { Names } from './names.ts'

/**
 * The names that all snapshots with these settings share. Give them back under the key.
 *
 * @param given who is asked, in the place of the servers of the settings
 */
export function keepNames (settings: GatewaySettings['dns'], kept: KeptState, log: FastifyBaseLogger, given?: NameServer): { names: Names, key: string } {
  const key = `dns|${JSON.stringify(settings)}`
  const { names } = kept.acquire(key, () => {
    const server = given ?? createNameServer(settings)
    const names = new Names({
      lookUp: (name, service) => lookUp(name, server, service),
      now: () => performance.now(),
      later (run, milliseconds) {
        const timer = setTimeout(run, milliseconds).unref()
        return () => clearTimeout(timer)
      },
      random: Math.random,
      failed (name, error) {
        if (error === null) log.info({ name }, 'the name of a target is resolved again')
        else log.warn({ err: error, name }, 'the name of a target can\'t be resolved; addresses that are known stay in use for an hour')
      }
    })
    return { names, server }
  }, ({ names, server }) => {
    names.close()
    server.close()
  })
  return { names, key }
}
