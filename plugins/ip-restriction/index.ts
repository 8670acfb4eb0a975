import { type CheckFinding, definePlugin, GatewayError, readNetwork, type Static } from '../../src/plugin.ts'
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
  check: checkConfig,
  async setup (config, gateway): Promise<State> {
    const { allow, deny, allow_file: allowFile, deny_file: denyFile } = config
    return {
      allow: allow === undefined && allowFile === undefined ? null : await Networks.open(allow ?? [], 'allow_file', allowFile, gateway),
      deny: deny === undefined && denyFile === undefined ? null : await Networks.open(deny ?? [], 'deny_file', denyFile, gateway)
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

type Config = Static<typeof IpRestriction>

function refusal ({ status, message }: Config, address: string): GatewayError {
  return new GatewayError('SP_IP_RESTRICTION', status, message ?? `IP address not allowed: ${address}`, { quiet: true })
}

function * checkConfig (config: Config): Generator<CheckFinding> {
  if (config.allow === undefined && config.deny === undefined && config.allow_file === undefined && config.deny_file === undefined) {
    yield { path: '', message: 'at least one of these fields must be non-empty: \'allow\', \'deny\'', mend: 'Add `allow` or `deny`, or `allow_file` or `deny_file`.' }
  }
  for (const option of ['allow', 'deny'] as const) {
    for (const [index, text] of (config[option] ?? []).entries()) {
      const network = readNetwork(text)
      if (network === null) {
        yield { path: `/${option}/${index}`, message: `invalid ip or cidr range: '${text}'`, mend: 'Write it like 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32.' }
      } else if (network.loose) {
        yield {
          path: `/${option}/${index}`,
          message: `'${text}' stands for all of the range that the address is in`,
          mend: `Write the first address of the range, or leave out '${text.slice(text.indexOf('/'))}' if one address is meant.`,
          severity: 'warning'
        }
      }
    }
  }
}
