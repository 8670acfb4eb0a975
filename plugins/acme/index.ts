import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { type CheckFinding, definePlugin, redisFindings, type RedisSettings, type ServerIdentities } from '../../src/plugin.ts'
import { Agent, type AgentOptions } from './agent.ts'
import { openFileStorage } from './file-storage.ts'
import { openRedisStorage } from './redis-storage.ts'
import { Acme } from './schema.ts'

const MINUTE = 60_000

/** Until other processes have seen a challenge, in milliseconds. */
const SETTLE = 4_000

/** Of a configuration that is tried: nothing is ordered, and the storage is not looked at. */
const NONE: ServerIdentities = Object.freeze({ certificateFor: () => null, challengeFor: () => null, answerFor: () => undefined })

export default definePlugin({
  name: 'acme',
  // Kong's; it has no hooks
  priority: 1705,
  schema: Acme,
  scopes: ['global'],
  refuses: {
    allow_any_domain: 'Remove it: certificates are ordered for `domains` alone.',
    cert_type: 'Remove it: keys are ECDSA (P-256), which every client takes.',
    rsa_key_size: 'Remove it: keys are ECDSA (P-256), which every client takes.',
    account_key: 'Remove it: the account\'s key is made with the account, and kept in `storage`.',
    storage_config: 'Write its `redis` as `redis`, beside `storage: redis`; or `folder`.',
    enable_ipv4_common_name: 'Remove it: certificates have no common name.'
  },
  * check (config): Generator<CheckFinding> {
    yield * redisFindings(config.storage, config.redis, 'storage')
    if (config.storage === 'file' && config.folder === undefined) yield { path: '/folder', message: '`storage: file` needs `folder`', mend: 'Add `folder`, with a place that outlives the process.' }
    if ((config.eab_kid === undefined) !== (config.eab_hmac_key === undefined)) yield { path: '/eab_kid', message: '`eab_kid` and `eab_hmac_key` go together', mend: 'Write both, or neither.' }
    if (!config.tos_accepted && config.api_uri.includes('letsencrypt.org')) yield { path: '/tos_accepted', message: 'Let\'s Encrypt issues nothing before its terms of service are accepted', mend: 'Read them, and write `tos_accepted: true`.' }
  },
  async setup (config, gateway): Promise<ServerIdentities> {
    if (gateway.outside !== undefined) return NONE
    const { storage, folder = '', redis } = config
    const options = config as AgentOptions
    // another setting is another agent; the same one goes on over a reload, in the midst of an order as well
    const key = createHash('sha256').update(JSON.stringify(config)).digest('base64')
    const agent = gateway.keep(key, () => {
      const opening = storage === 'redis' ? openRedisStorage(redis as RedisSettings) : openFileStorage(resolve(gateway.directory, folder))
      return opening.then(async opened => {
        const alone = storage === 'file' && gateway.workers === 1
        const made = new Agent(options, { storage: opened, log: gateway.log, now: gateway.now, interval: MINUTE, settle: alone ? 0 : SETTLE })
        await made.start()
        return made
      })
    }, async opening => { await (await opening).close() })
    return await agent
  },
  serverIdentities: agent => agent,
  register () {}
})
