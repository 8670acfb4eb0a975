import type { Source } from '../config/source.ts'
import { requestLine } from './expect.ts'
import { failedTryText } from './failed-try.ts'
import type { Lab } from './lab.ts'
import type { Outcome } from './outcome.ts'
import { addressOf } from './stubs.ts'
import type { Trial } from './trial.ts'

/** The configuration as it was read: where things stand in it, and what must not be shown. */
export interface ConfigPlace {
  readonly source: Source
  /** What the user calls the file. */
  readonly shown: string
}

/** Longest body that is shown. */
const LONGEST = 200

/** Says in a few lines what became of a request: route, plugins, answer, what reached servers. No value from the environment is in them. */
export function whyOf (lab: Lab, trial: Trial, outcomes: ReadonlyMap<string, Outcome>, config: ConfigPlace): string[] {
  const { request: { method = 'GET', url }, route, service, answer, answeredBy, ended, consumer } = trial
  const place = (pointer: string): string => `${config.shown}:${config.source.locate(pointer).line}`
  const lines = [route === null
    ? `no route took ${method} ${url}`
    : `${method} ${url} took the route ${route.name ?? route.id} (${place(route.pointer)})${service === null ? ', which has no service' : ` to the service ${service.name ?? service.id}`}`]
  if (trial.failure) lines.push(`the gateway itself refused it before any plugin: ${ended?.error ?? 'no reason known'}`)
  for (const item of lab.chainOf(route)) {
    const outcome = outcomes.get(item.name)
    if (route === null || outcome === undefined || !lab.guards(item.entries[0]?.id ?? '')) continue
    const step = trial.steps.find(({ plugin, outcome }) => plugin === item.name && (outcome === 'threw' || outcome === 'answered'))
    const entry = step?.entry ?? trial.steps.find(({ plugin }) => plugin === item.name)?.entry ?? item.entries[0]
    const details = step === undefined ? '' : ` with ${step.status ?? 500}${step.code === undefined ? '' : ` (${step.code})`}`
    lines.push(`${item.name}${entry === undefined ? '' : ` (${place(entry.pointer)})`}: ${outcome}${details}`)
  }
  if (consumer !== null) lines.push(`the caller was ${consumer}`)
  for (const received of trial.received.slice(-3)) lines.push(`${received.to.purpose === 'upstream' ? 'upstream' : 'authoriser'} got ${requestLine(received)}`)
  // retries make several of one kind
  lines.push(...new Set(trial.failedTries.map(one => failedTryText(one, service))))
  if (trial.received.length === 0) lines.push('nothing reached an upstream')
  lines.push(`answered by ${answeredBy}: ${answer.status} ${bodyOf(answer.text)}`.trimEnd())
  for (const address of new Set(lab.missing.map(addressOf))) lines.push(`nothing stands for ${address}: add a stub for it`)
  for (const line of trial.log.slice(0, 3)) lines.push(`the gateway's log: ${messageOf(line)}`)
  return lines.map(line => config.source.redact(line))
}

function bodyOf (text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}

/** Of a line of pino's. */
function messageOf (line: string): string {
  const { msg = '', reason, err } = JSON.parse(line) as { msg?: string, reason?: string, err?: { message?: string } }
  const cause = reason ?? err?.message
  return cause === undefined ? msg : `${msg}: ${cause}`
}
