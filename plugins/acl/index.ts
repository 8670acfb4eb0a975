import { type CheckFinding, definePlugin, fieldValue, refuse } from '../../src/plugin.ts'
import { createGroupFinder } from './groups.ts'
import { Acl } from './schema.ts'

const REFUSED = 'You cannot consume this service'
/** Two groups, or none, to whoever reads a list of names. */
// eslint-disable-next-line no-control-regex
const AMBIGUOUS = /[,\x00-\x1f\x7f]/

export default definePlugin({
  name: 'acl',
  // Kong's: after the authentication methods and their policy, before the limits
  priority: 950,
  schema: Acl,
  scopes: ['global', 'service', 'route'],
  protects: 'access',
  credentials: 'acls',
  identityHeaders: () => ['X-Consumer-Groups', 'X-Authenticated-Groups'],
  * check (config): Generator<CheckFinding> {
    if ((config.allow === undefined) === (config.deny === undefined)) {
      yield {
        path: config.allow === undefined ? '' : '/deny',
        message: 'exactly one of these fields must be non-empty: \'allow\', \'deny\'',
        mend: config.allow === undefined ? 'Add `allow`, with the groups that may pass.' : 'Keep one of them; `allow` also refuses everybody who is in no group.'
      }
    }
    if (config.always_use_authenticated_groups && (config.groups_from !== undefined || config.groups_claim !== undefined)) {
      yield {
        path: '/always_use_authenticated_groups',
        message: '`groups_from` and `groups_claim` say where groups come from already',
        mend: 'Remove it, and write `groups_from: [authenticated]`.'
      }
    }
  },
  setup: (_config, { consumers }) => consumers,
  register (scope, { config, state: consumers }) {
    const groupsOf = createGroupFinder(config, consumers)
    const hasSources = config.groups_from !== undefined || config.groups_claim !== undefined
    const allows = config.allow !== undefined
    const listed = new Set(config.allow ?? config.deny)

    scope.addHook('onRequest', function acl ({ gateway }) {
      const { consumer, credential, identity, upstream } = gateway
      const authenticated = credential !== null || identity !== null
      const groups = groupsOf(gateway)
      if (groups === null) {
        // nobody: who are you? Somebody without groups: in none that is listed, unless Kong wants a consumer
        if (!authenticated && (consumer === null || allows)) throw refuse(401, 'Unauthorized')
        if (allows || (consumer === null && !hasSources)) throw refuse(403, REFUSED)
        return
      }
      if (groups.names.some(name => listed.has(name)) !== allows) throw refuse(403, REFUSED)
      if (config.hide_groups_header || upstream === null) return
      const told = groups.names.filter(name => !AMBIGUOUS.test(name))
      if (told.length > 0) upstream.headers.set(groups.header, fieldValue(told.join(', ')))
    })
  }
})
