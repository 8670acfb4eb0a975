import { definePlugin, type HeaderList, isIdentityField } from '../../src/plugin.ts'
import { Mirror } from './schema.ts'
import { Tally } from './tally.ts'

/** On every copy: a request that has it is one, and is not copied again. */
const MARK = 'x-sallyport-mirror'

export default definePlugin({
  name: 'mirror',
  // it only orders the copy, which is made when the request goes up: after all that may refuse or change it
  priority: 15,
  schema: Mirror,
  scopes: ['global', 'service', 'route', 'consumer'],
  setup (config, gateway) {
    return {
      service: gateway.service(config.service),
      tally: gateway.keep('tally', () => new Tally(gateway.log, gateway.now), tally => tally.tell())
    }
  },
  register (scope, { config, state: { service, tally } }) {
    const methods = new Set(config.methods)
    const share = config.percentage / 100
    // counted up by a share and taken at each whole: exactly that many of any hundred
    let due = Math.random()

    function edit (headers: HeaderList): void {
      for (const name of config.remove_headers) headers.delete(name)
      if (!config.identity) for (const name of headers.raw.filter((_, index) => index % 2 === 0)) if (isIdentityField(name)) headers.delete(name)
      headers.set(MARK, '1')
    }

    scope.addHook('onRequest', function mirror ({ gateway, headers }) {
      if (!methods.has(gateway.method)) return
      const note = (word: 'sent' | 'busy' | 'loop'): void => { if (config.log) gateway.log['mirror'] = word }
      if (headers[MARK] !== undefined) {
        tally.count('loop')
        note('loop')
        return
      }
      due += share
      if (due < 1) return
      due -= 1
      gateway.copyTo({
        service,
        timeout: config.timeout,
        limit: config.max_body,
        preserveHost: config.preserve_host,
        wanted () {
          const free = tally.running < config.concurrency
          note(free ? 'sent' : 'busy')
          if (free) tally.running++
          else tally.count('busy')
          return free
        },
        edit,
        done (outcome) {
          tally.running--
          tally.count(outcome)
        }
      })
    })
  }
})
