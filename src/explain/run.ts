/** Runs a request through the real chain, with stubs, a clock and key sets in the place of everything outside. */
import { dirname } from 'node:path'
import type { Config } from '../config/model.ts'
import { choose } from '../gateway/hooks/step.ts'
import { audienceOf, Chains } from '../config/chains.ts'
import { GatewayError } from '../errors.ts'
import { failedTryText } from '../lab/failed-try.ts'
import { applyStubs } from '../lab/file/stubs.ts'
import { Lab } from '../lab/lab.ts'
import type { ObservedStep } from '../lab/observer.ts'
import { addressOf, type StubAnswer } from '../lab/stubs.ts'
import { LabError, type Trial } from '../lab/trial.ts'
import { entryWriter } from './chain.ts'
import { bodyText, changesBetween } from './changes.ts'
import type { ExplainParts } from './explain.ts'
import { makeMessage } from './message.ts'
import { createWords, type Words } from './places.ts'
import type { ExplainedRun, RunRequest, RunStep, SentRequest } from './run-types.ts'
import { ExplainError, type ExplainRequest } from './types.ts'

const PHASES = { onRequest: 'access', preParsing: 'body-in', preHandler: 'request', onSend: 'response', onResponse: 'response' } as const

/** These are of the connection between the gateway and its stub or its client. */
const PLUMBING = new Set(['connection', 'keep-alive', 'date', 'transfer-encoding'])

/**
 * Runs a request. Nothing outside of the process is reached: services and the servers that plugins ask are stubs.
 *
 * @returns null for a request that the HTTP parser refuses
 * @throws {@link ExplainError} for one that can't be run
 */
export async function runRequest ({ config, registry, source }: ExplainParts, request: ExplainRequest & RunRequest): Promise<ExplainedRun | null> {
  const message = makeMessage(request, config)
  if (message.refused !== null) return null
  const words = createWords(config, registry, source ?? null)
  const lab = await createLab({ config, registry })
  try {
    const answer = stubAnswer(request.answer)
    lab.addresses.stub(null, () => answer)
    // of forward-auth: what stands behind it is to be seen
    lab.addresses.stubAuthorisers(() => ({}))
    if (request.stubs !== undefined) applyStubs(lab, request.stubs)
    const { listener, raw } = message
    const token = request.claims === undefined ? null : lab.provider.mint({ claims: request.claims })
    const fields = pairs(raw.rawHeaders).filter(([name]) => name.toLowerCase() !== 'content-length')
    const host = fields.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? 'localhost'
    const trial = await lab.request({
      method: request.method,
      // the lab finds the listener by it
      url: `${listener.tls ? 'https' : 'http'}://${host.replace(/:\d*$/, '')}:${listener.port}${raw.url as string}`,
      headers: token === null ? fields : [...fields.filter(([name]) => name.toLowerCase() !== 'authorization'), ['Authorization', `Bearer ${token}`]],
      body: request.data ?? null,
      ip: request.ip ?? '127.0.0.1',
      // without one there would be no request to explain
      ...listener.tls && listener.client_certificate === 'require' ? { certificates: [lab.authorities.issue({ subject: 'CN=explain' })] } : {},
      ...request.consumer === undefined ? {} : { consumer: request.consumer }
    })
    return describe(trial, lab, new Chains(config, registry), words)
  } catch (error) {
    if (error instanceof LabError) throw new ExplainError(`${error.message}.`)
    // a plugin of the route could not be set up
    throw error instanceof GatewayError ? unfit(error) : error
  } finally {
    await lab.close()
  }
}

async function createLab ({ config, registry }: Pick<ExplainParts, 'config' | 'registry'>): Promise<Lab> {
  try {
    // a token that somebody has brought is of now: at this hour's beginning, where tests are, it would be one of the future
    return await Lab.create({ config, registry, directory: dirname(config.file), now: Date.now() })
  } catch (error) {
    throw unfit(error as Error)
  }
}

function unfit (cause: Error): ExplainError {
  return new ExplainError(`The configuration can't be run: ${cause.message}`, { cause })
}

function describe (trial: Trial, lab: Lab, chains: Chains, words: Words): ExplainedRun {
  const { answer, steps, route, received } = trial
  return {
    answer: {
      status: answer.status,
      headers: shownFields(answer.rawHeaders, words),
      body: bodyText(answer.body, words)
    },
    answered_by: trial.answeredBy,
    end_reason: trial.ended?.reason ?? null,
    consumer: trial.consumer,
    steps: steps.map(step => describeStep(step, lab.config, words)),
    not_reached: route === null ? [] : notReached(trial, lab, chains),
    sent: received.map((sent): SentRequest => ({
      to: words.host(addressOf(sent.to)),
      purpose: sent.to.purpose,
      method: sent.method,
      target: words.url(sent.target),
      headers: shownFields(sent.rawHeaders, words),
      body: bodyText(sent.body, words)
    })),
    failed_tries: [...new Set(trial.failedTries.map(one => failedTryText(one, trial.service, words.host(addressOf(one)))))],
    missing: [...new Set(lab.missing.map(to => words.host(addressOf(to))))]
  }
}

function describeStep ({ plugin, entry, phase, before, after, outcome, status, code }: ObservedStep, config: Config, words: Words): RunStep {
  return {
    plugin,
    entry: entryWriter(config, words)(entry),
    phase: PHASES[phase],
    outcome: outcome === 'threw' ? 'refused' : outcome,
    status: status ?? null,
    code: code ?? null,
    changes: changesBetween(before, after, words)
  }
}

/** Plugins whose turn would have come, had the request not been answered. */
function notReached ({ route, steps, consumer }: Trial, lab: Lab, chains: Chains): string[] {
  const ran = new Set(steps.filter(({ phase }) => phase !== 'onSend').map(({ plugin }) => plugin))
  const who = lab.config.consumers.find(({ username, id }) => (username ?? id) === consumer) ?? null
  return chains.of(route).filter(({ name, entries }) => {
    const chosen = entries[choose({ audiences: entries.map(audienceOf) }, { consumer: who })]
    return chosen !== undefined && !ran.has(name) && lab.guards(chosen.id)
  }).map(({ name }) => name)
}

function stubAnswer (body = '{}'): StubAnswer {
  return { status: 200, headers: { 'content-type': isJson(body) ? 'application/json' : 'text/plain; charset=utf-8' }, body }
}

function isJson (text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function shownFields (raw: readonly string[], words: Words): Array<{ name: string, value: string }> {
  return pairs(raw).filter(([name]) => !PLUMBING.has(name.toLowerCase())).map(([name, value]) => ({ name, value: words.header(name, value) }))
}

function pairs (flat: readonly string[]): Array<[string, string]> {
  return flat.flatMap((name, index): Array<[string, string]> => index % 2 === 0 ? [[name, flat[index + 1] as string]] : [])
}
