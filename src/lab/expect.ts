import { isDeepStrictEqual } from 'node:util'
import { join } from '../config/pointer.ts'
import type { Config } from '../config/model.ts'
import type { ExpectedHeadersSpec, ExpectSpec, TextSpec, UpstreamSpec } from './file/schema.ts'
import { addressesNamed } from './file/stubs.ts'
import type { Trial } from './trial.ts'
import type { Outcome } from './outcome.ts'
import { addressOf, type StubbedRequest } from './stubs.ts'

/** An expectation that was not met. */
export interface Failure {
  /** JSON pointer into the expectation. */
  readonly pointer: string
  /** What it is about: `status`, `headers.server`. */
  readonly what: string
  readonly expected: string
  readonly got: string
}

/** Compares what became of a request with what was expected: everything that differs. */
export function compare (trial: Trial, outcomes: ReadonlyMap<string, Outcome>, expected: ExpectSpec, config: Config): Failure[] {
  return [...new Comparison(trial, outcomes, config).run(expected)]
}

/** Longest value that is shown. */
const LONGEST = 300

class Comparison {
  readonly #trial: Trial
  readonly #outcomes: ReadonlyMap<string, Outcome>
  readonly #config: Config

  constructor (trial: Trial, outcomes: ReadonlyMap<string, Outcome>, config: Config) {
    this.#trial = trial
    this.#outcomes = outcomes
    this.#config = config
  }

  * run (expected: ExpectSpec): Generator<Failure> {
    const { answer, route, service, consumer, answeredBy, ended } = this.#trial
    if (expected.status !== undefined && !fitsStatus(answer.status, expected.status)) yield failure('/status', [expected.status].flat().join(' or '), String(answer.status))
    yield * same('/route', expected.route, route === null ? null : nameOf(route), route?.id)
    yield * same('/service', expected.service, service === null ? null : nameOf(service), service?.id)
    yield * same('/consumer', expected.consumer, consumer)
    yield * same('/answered_by', expected.answered_by, answeredBy)
    yield * same('/error', expected.error, ended?.error ?? null)
    if (expected.headers !== undefined) yield * headers('/headers', expected.headers, answer.rawHeaders)
    if (expected.body !== undefined) yield * text('/body', expected.body, answer.text)
    if ('json' in expected) yield * json('/json', expected.json, answer.text)
    if (expected.messages !== undefined) yield * said('/messages', expected.messages, this.#trial.messages)
    for (const [plugin, outcome] of Object.entries(expected.plugins ?? {})) {
      yield * same(join('/plugins', plugin), outcome, this.#outcomes.get(plugin) ?? 'absent')
    }
    if (expected.upstream !== undefined) yield * this.#upstream(expected.upstream)
  }

  * #upstream (expected: UpstreamSpec | null): Generator<Failure> {
    const received = this.#received(expected?.service)
    if (expected === null) {
      if (received.length > 0) yield failure('/upstream', 'nothing reaches the upstream', received.map(requestLine).join(', '))
      return
    }
    const { service, count } = expected
    const addresses = service === undefined ? null : (addressesNamed(this.#config, service) ?? []).map(address => address.toLowerCase())
    const own = addresses === null ? received : received.filter(({ to }) => addresses.includes(addressOf(to).toLowerCase()))
    if (count !== undefined && own.length !== count) yield failure('/upstream/count', String(count), String(own.length))
    const last = own.at(-1)
    if (last === undefined) {
      if (count === undefined) yield failure(service === undefined ? '/upstream' : '/upstream/service', service === undefined ? 'a request' : `a request to ${service}`, received.length === 0 ? 'none reached a server' : received.map(requestLine).join(', '))
      return
    }
    yield * same('/upstream/method', expected.method, last.method)
    if (expected.url !== undefined) yield * text('/upstream/url', expected.url, urlOf(last))
    if (expected.path !== undefined) yield * text('/upstream/path', expected.path, last.path)
    if (expected.query === null) yield * same('/upstream/query', null, last.query)
    else if (expected.query !== undefined) yield * text('/upstream/query', expected.query, last.query)
    if (expected.headers !== undefined) yield * headers('/upstream/headers', expected.headers, last.rawHeaders)
    if (expected.body !== undefined) yield * text('/upstream/body', expected.body, last.text)
    if ('json' in expected) yield * json('/upstream/json', expected.json, last.text)
    if (expected.messages !== undefined) yield * said('/upstream/messages', expected.messages, last.messages)
    if (expected.client_certificate === null) yield * same('/upstream/client_certificate', null, last.clientCertificate)
    else if (expected.client_certificate !== undefined) yield * text('/upstream/client_certificate', expected.client_certificate, last.clientCertificate)
  }

  /** At services; who names an address may mean an authoriser or a provider. */
  #received (name: string | undefined): readonly StubbedRequest[] {
    const { received, asked } = this.#trial
    const isService = name === undefined || [...this.#config.services, ...this.#config.upstreams].some(one => one.name === name || one.id === name)
    return isService ? received.filter(({ to }) => to.purpose === 'upstream') : [...received, ...asked]
  }
}

function nameOf ({ name, id }: { readonly name: string | null, readonly id: string }): string {
  return name ?? id
}

/** `http://host:port/path?query`; the scheme's own port is left out. */
export function urlOf ({ to, target }: StubbedRequest): string {
  const own = to.protocol === 'https' ? 443 : 80
  return `${to.protocol}://${to.port === own ? addressOf(to).replace(/:\d+$/, '') : addressOf(to)}${target}`
}

export function requestLine (request: StubbedRequest): string {
  return `${request.method} ${urlOf(request)}`
}

function failure (pointer: string, expected: string, got: string): Failure {
  return { pointer, what: pointer.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~'), expected: cut(expected), got: cut(got) }
}

function cut (value: string): string {
  return value.length > LONGEST ? `${value.slice(0, LONGEST)}… (${value.length} characters)` : value
}

function shown (value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value)
}

function fitsStatus (status: number, expected: NonNullable<ExpectSpec['status']>): boolean {
  return [expected].flat().some(one => typeof one === 'number' ? one === status : Number((one as string)[0]) === Math.floor(status / 100))
}

/** @param alias counts as well */
function * same (pointer: string, expected: string | null | undefined, got: string | null, alias?: string): Generator<Failure> {
  if (expected === undefined || expected === got || (expected !== null && expected === alias)) return
  yield failure(pointer, expected ?? 'none', got ?? 'none')
}

function * text (pointer: string, expected: TextSpec, got: string | null): Generator<Failure> {
  if (typeof expected === 'string') {
    if (expected !== got) yield failure(pointer, shown(expected), shown(got))
    return
  }
  const { equals, contains, matches } = expected
  if (equals !== undefined && equals !== got) yield failure(join(pointer, 'equals'), shown(equals), shown(got))
  if (contains !== undefined && got?.includes(contains) !== true) yield failure(join(pointer, 'contains'), `something that contains ${shown(contains)}`, shown(got))
  if (matches !== undefined && (got === null || !new RegExp(matches, 'u').test(got))) yield failure(join(pointer, 'matches'), `something that matches /${matches}/`, shown(got))
}

/** Messages of a WebSocket. */
function * said (pointer: string, expected: readonly TextSpec[], got: readonly string[] | null): Generator<Failure> {
  if (got?.length !== expected.length) {
    yield failure(pointer, `${expected.length} messages`, got === null ? 'no WebSocket' : shown(got))
    return
  }
  for (const [index, one] of expected.entries()) yield * text(join(pointer, index), one, got[index] as string)
}

function * headers (pointer: string, expected: ExpectedHeadersSpec, raw: readonly string[]): Generator<Failure> {
  for (const [name, value] of Object.entries(expected)) {
    const at = join(pointer, name)
    const values = raw.filter((_, index) => index % 2 === 1 && (raw[index - 1] as string).toLowerCase() === name.toLowerCase())
    if (value === null) {
      if (values.length > 0) yield failure(at, 'it is not there', values.map(shown).join(', '))
    } else if (values.length === 0) {
      yield failure(at, Array.isArray(value) ? value.map(shown).join(', ') : shown(value), 'it is not there')
    } else if (isList(value)) {
      if (!isDeepStrictEqual(value, values)) yield failure(at, value.map(shown).join(', '), values.map(shown).join(', '))
    } else {
      yield * text(at, value, values.join(', '))
    }
  }
}

function isList (value: TextSpec | readonly string[]): value is readonly string[] {
  return Array.isArray(value)
}

function * json (pointer: string, expected: unknown, body: string): Generator<Failure> {
  let got: unknown
  try {
    got = JSON.parse(body)
  } catch {
    yield failure(pointer, shown(expected), `no JSON: ${shown(body)}`)
    return
  }
  yield * subset(pointer, expected, got)
}

function * subset (pointer: string, expected: unknown, got: unknown): Generator<Failure> {
  if (isObject(expected)) {
    const regex = expected['$matches']
    if (typeof regex === 'string' && Object.keys(expected).length === 1) {
      if ((typeof got !== 'string' && typeof got !== 'number') || !new RegExp(regex, 'u').test(String(got))) yield failure(pointer, `something that matches /${regex}/`, shown(got))
      return
    }
    if (!isObject(got)) {
      yield failure(pointer, shown(expected), shown(got))
      return
    }
    for (const [name, value] of Object.entries(expected)) yield * subset(join(pointer, name), value, Object.hasOwn(got, name) ? got[name] : undefined)
  } else if (Array.isArray(expected)) {
    if (!Array.isArray(got) || got.length !== expected.length) {
      yield failure(pointer, shown(expected), shown(got))
      return
    }
    for (const [index, value] of expected.entries()) yield * subset(join(pointer, index), value, got[index] as unknown)
  } else if (!isDeepStrictEqual(expected, got)) {
    yield failure(pointer, shown(expected), shown(got))
  }
}

function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
