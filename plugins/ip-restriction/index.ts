import { definePlugin, GatewayError } from '../../src/plugin.ts'
import { checkConfig, type Config } from './check.ts'
import { Networks } from './networks.ts'
import { IpRestriction } from './schema.ts'

interface State {
  readonly allow: Networks | null
  readonly deny: Networks | null
}

export default definePlugin({
  name: 'ip-restriction',
  // Kong's: after authentication, so that consumers can have entries of their own; before the limits
  priority: 990,
  schema: IpRestriction,
  scopes: ['global', 'service', 'route', 'consumer'],
  protects: 'access',
  check: (config, context) => checkConfig(config, context?.directory ?? '.'),
  async setup (config, gateway): Promise<State> {
    const { allow, deny, allow_file: allowFile, deny_file: denyFile } = config
    const allowed = allow === undefined && allowFile === undefined ? null : await Networks.open(allow ?? [], 'allow_file', allowFile, gateway)
    try {
      return { allow: allowed, deny: deny === undefined && denyFile === undefined ? null : await Networks.open(deny ?? [], 'deny_file', denyFile, gateway) }
    } catch (error) {
      // nobody else knows of its watcher
      allowed?.close()
      throw error
    }
  },
  register (scope, { config, state: { allow, deny } }) {
    scope.addHook('onRequest', function ipRestriction ({ gateway: { clientIp } }) {
      // what is no address is in no list, and must not pass for that
      if (deny !== null && deny.has(clientIp) !== false) throw refusal(config, clientIp)
      if (allow !== null && allow.has(clientIp) !== true) throw refusal(config, clientIp)
    })
  },
  close ({ allow, deny }) {
    allow?.close()
    deny?.close()
  }
})

function refusal ({ status, message }: Config, address: string): GatewayError {
  return new GatewayError('SP_IP_RESTRICTION', status, message ?? `IP address not allowed: ${address}`, { quiet: true })
}
