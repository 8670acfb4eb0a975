import { type CheckFinding, definePlugin, type FastifyRequest, identify } from '../../src/plugin.ts'
import { allOf, anyOf, deny, together, type Verdict } from './judge.ts'
import { readRequirement } from './requirement.ts'
import { AuthPolicy, type Config } from './schema.ts'

export default definePlugin({
  name: 'auth-policy',
  // after all authentication (forward-auth, 1020, is the last of it) and before whoever asks for the consumer: acl (950), limits
  priority: 1000,
  schema: AuthPolicy,
  // not consumer: it decides who that is
  scopes: ['global', 'service', 'route'],
  authentication: 'policy',
  * companions (config) {
    for (const option of ['any_of', 'all_of'] as const) {
      for (const [index, item] of (config[option] ?? []).entries()) {
        yield typeof item === 'string' ? { path: `/${option}/${index}`, plugin: item } : { path: `/${option}/${index}/plugin`, plugin: item.plugin }
      }
    }
  },
  admitsAll: config => config.public === true,
  * check (config): Generator<CheckFinding> {
    const [first, second] = Object.keys(config)
    if (second !== undefined) {
      yield { path: `/${second}`, message: `\`${first}\` and \`${second}\` are two policies`, mend: 'Keep one of them.' }
    }
  },
  register (scope, { config }) {
    // nothing to decide: credentials that were found say who calls, for the log and the service
    if (config.public === true) {
      scope.addHook('onRequest', function authPolicyPublic ({ gateway }) {
        if (gateway.attempts?.some(({ identity }) => identity !== null) === true) identify(gateway, together(gateway.attempts))
      })
      return
    }

    const judge = judgeOf(config)
    scope.addHook('onRequest', function authPolicy ({ gateway }) {
      const verdict = judge(gateway.attempts ?? [])
      if (verdict instanceof Error) throw verdict
      identify(gateway, verdict)
    })
  }
})

function judgeOf (config: Config): (attempts: NonNullable<FastifyRequest['gateway']['attempts']>) => Verdict {
  const { any_of: any, all_of: all } = config
  if (any !== undefined) {
    const requirements = any.map(readRequirement)
    return attempts => anyOf(requirements, attempts)
  }
  if (all !== undefined) {
    const requirements = all.map(readRequirement)
    return attempts => allOf(requirements, attempts)
  }
  return deny
}
