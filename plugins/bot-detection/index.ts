import { LRUCache } from 'lru-cache'
import { type CheckFinding, definePlugin, fieldOf, GatewayError, regexFindings } from '../../src/plugin.ts'
import { BOTS } from './bots.ts'
import { BotDetection } from './schema.ts'

/** Names that are remembered: browsers of the day. */
const REMEMBERED = 1_000

/** Longer ones are judged each time: clients must not fill memory with them. */
const LONGEST = 512

export default definePlugin({
  name: 'bot-detection',
  // Kong's: before cors and everything that costs something
  priority: 2500,
  schema: BotDetection,
  // not consumer: nobody is authenticated yet when it runs
  scopes: ['global', 'service', 'route'],
  protects: 'access',
  * check (config): Generator<CheckFinding> {
    for (const option of ['allow', 'deny'] as const) {
      for (const [index, pattern] of config[option].entries()) yield * regexFindings(`/${option}/${index}`, pattern, pattern, 'User-Agent')
    }
  },
  setup (config): (agent: string) => boolean {
    const allow = config.allow.map(pattern => new RegExp(pattern))
    const deny = config.deny.map(pattern => new RegExp(pattern))
    const known = new LRUCache<string, boolean>({ max: REMEMBERED })
    const judge = (agent: string): boolean => allow.some(regex => regex.test(agent)) || !(deny.some(regex => regex.test(agent)) || BOTS.test(agent))
    return function mayPass (agent) {
      if (agent.length > LONGEST) return judge(agent)
      let verdict = known.get(agent)
      if (verdict === undefined) known.set(agent, verdict = judge(agent))
      return verdict
    }
  },
  register (scope, { state: mayPass }) {
    scope.addHook('onRequest', function botDetection (request) {
      const agent = fieldOf(request.raw, 'user-agent')
      if (agent === undefined) return
      if (agent === null) throw new GatewayError('SP_BOT_DETECTION', 400, 'Only one User-Agent header allowed', { quiet: true })
      if (!mayPass(agent.trim())) throw new GatewayError('SP_BOT_DETECTION', 403, 'Forbidden', { quiet: true })
    })
  }
})
