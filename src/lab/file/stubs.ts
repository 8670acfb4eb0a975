import type { Config } from '../../config/model.ts'
import { addressesOf, targetsOf } from '../addresses.ts'
import type { Lab } from '../lab.ts'
import { LabError } from '../trial.ts'
import type { Stub, StubAnswer } from '../stubs.ts'
import type { StubSpec, StubsSpec } from './schema.ts'

/** All services without a stub of their own. */
export const ANY = '*'

/**
 * Addresses that a name of a stub stands for: those of a service or an upstream, or the address that it is.
 *
 * @returns null: it is none of these
 */
export function addressesNamed (config: Config, name: string): string[] | null {
  const upstream = config.upstreams.find(one => one.name === name || one.id === name)
  if (upstream !== undefined) return targetsOf(config, upstream)
  const service = config.services.find(one => one.name === name || one.id === name)
  if (service !== undefined) return addressesOf(config, service)
  return /^(?:\[[0-9a-f:.]+\]|[^\s:/[\]]+):\d{1,5}$/i.test(name) ? [name] : null
}

/** The same for a name that nobody has checked. @throws LabError */
export function knownAddresses (config: Config, name: string): Array<string | null> {
  if (name === ANY) return [null]
  const addresses = addressesNamed(config, name)
  if (addresses === null) throw new LabError(`the configuration has no service or upstream '${name}'; an address is written as host:port`)
  return addresses
}

/** Has these stubs stand from now on; those before stay where nothing else is said. @throws LabError for a name that means nothing */
export function applyStubs (lab: Lab, stubs: StubsSpec): void {
  for (const [name, answers] of Object.entries(stubs)) {
    const list = Array.isArray(answers) ? answers : [answers]
    const stub = createStub(name, list)
    // of the connection, before anybody knows what is asked on it
    const refused = list.some(({ error, when }) => error === 'refused' && when === undefined)
    const certificate = list.find(({ certificate }) => certificate !== undefined)?.certificate ?? 'good'
    for (const address of knownAddresses(lab.config, name)) lab.addresses.stub(address, stub, { refused, certificate })
  }
}

function createStub (name: string, list: readonly StubSpec[]): Stub {
  const answers = list.map(answer => ({ answer, regex: answer.when?.matches === undefined ? null : new RegExp(answer.when.matches, 'u'), sent: answerOf(answer) }))
  return function answerStub ({ method, path, target, to: { purpose } }) {
    for (const { answer: { when }, regex, sent } of answers) {
      if (when?.method !== undefined && when.method !== method) continue
      if (when?.path !== undefined && when.path !== path) continue
      if (regex !== null && !regex.test(target)) continue
      return sent
    }
    // where a provider stands, it answers the rest
    if (purpose === 'provider') return {}
    return { status: 404, body: `the stub '${name}' has no answer for ${method} ${target}` }
  }
}

/** Nothing, where nothing is said of it: as if there were no stub. */
function answerOf ({ when: _when, certificate: _certificate, ...said }: StubSpec): StubAnswer {
  if (Object.keys(said).length === 0) return {}
  const { status = 200, headers = {}, body, json, error, websocket } = said
  const typed = Object.keys(headers).some(name => name.toLowerCase() === 'content-type')
  return {
    status,
    headers: json === undefined || typed ? headers : { ...headers, 'content-type': 'application/json' },
    body: json === undefined ? body ?? '' : JSON.stringify(json),
    ...websocket === undefined ? {} : { websocket },
    // nobody can cut a connection that was never made: one answer of several
    ...error === undefined ? {} : { error: error === 'refused' ? 'reset' : error }
  }
}
