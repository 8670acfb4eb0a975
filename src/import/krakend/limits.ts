import { listOf, type Item, type Place } from '../draft.ts'
import { addEntry, closeOwner, type Owner } from './owner.ts'

const WINDOWS: ReadonlyArray<readonly [number, string]> = [[1, 'second'], [60, 'minute'], [3600, 'hour'], [86_400, 'day'], [2_592_000, 'month']]

/** `12h`, `500ms`, `1m30s`: seconds; a number is in nanoseconds, as Go has them. */
export function seconds (value: unknown): number | null {
  if (typeof value === 'number') return value / 1e9
  const units: Readonly<Record<string, number>> = { ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 0.001, s: 1, m: 60, h: 3600 }
  const parts = [...String(value ?? '').matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)]
  return parts.length === 0 ? null : parts.reduce((sum, [, number, unit = '']) => sum + Number(number) * (units[unit] ?? 0), 0)
}

/** Limits of an endpoint: for all callers together, or for each. */
export function clientLimit (owner: Owner, config: Item, place: Place, name: string): void {
  const all = Number(config['max_rate'] ?? 0)
  const each = Number(config['client_max_rate'] ?? 0)
  if (all > 0 && each > 0) return closeOwner(owner, name, 'a limit for all callers and one for each can\'t both be said.', place)
  if (all === 0 && each === 0) return
  const key = typeof config['key'] === 'string' ? config['key'] : ''
  const strategy = String(config['strategy'] ?? 'ip')
  const by: Item | null = all > 0 ? { limit_by: 'service' } : strategy === 'ip' && key === '' ? { limit_by: 'ip' } : strategy === 'header' && key !== '' ? { limit_by: 'header', header_name: key } : null
  if (by === null) return closeOwner(owner, name, `counting by ${strategy} ${key} can't be said.`, place)
  limit(owner, { rate: all > 0 ? all : each, every: config['every'], by, code: all > 0 ? 503 : 429 }, place, name)
}

/** Limit of a backend, for all callers together. */
export function proxyLimit (owner: Owner, config: Item, place: Place, name: string): void {
  limit(owner, { rate: Number(config['max_rate'] ?? 0), every: config['every'], by: { limit_by: 'service' }, code: 503 }, place, name)
}

function limit (owner: Owner, { rate, every, by, code }: { rate: number, every: unknown, by: Item, code: number }, place: Place, name: string): void {
  const window = seconds(every ?? '1s') ?? 1
  const [, period] = WINDOWS.find(([length]) => length >= window) ?? []
  const known = listOf(owner.item, 'plugins').some(entry => entry['name'] === 'rate-limiting')
  if (!(rate > 0) || period === undefined || known) return closeOwner(owner, name, known ? 'a second limit for the same endpoint can\'t be said.' : 'its numbers can\'t be read.', place)
  const entry = addEntry(owner, 'rate-limiting', { [period]: rate, ...by, policy: 'local', ...(code === 429 ? {} : { error_code: code }) })
  const exact = WINDOWS.some(([length]) => length === window)
  owner.draft.tell('changed', `${owner.what}.${name}`, `a window slides where a bucket was filled: there is no \`capacity\`.${exact ? '' : ` ${rate} in ${window} s became ${rate} each ${period}, which is stricter.`}`, place, entry)
}

export function circuitBreaker (owner: Owner, config: Item, place: Place, name: string): void {
  const threshold = Number(config['max_errors'])
  const timeout = Number(config['timeout'])
  if (!(threshold > 0) || !(timeout > 0)) return closeOwner(owner, name, 'its numbers can\'t be read.', place)
  if (listOf(owner.item, 'plugins').some(entry => entry['name'] === 'circuit-breaker')) return
  addEntry(owner, 'circuit-breaker', { failure_threshold: threshold, reset_timeout: timeout * 1000 })
}
