import type { Item } from '../draft.ts'
import { add, closeFor, type PolicyContext, type Step } from './step.ts'

const WINDOWS: ReadonlyArray<readonly [number, string]> = [[1000, 'second'], [60_000, 'minute'], [3_600_000, 'hour'], [86_400_000, 'day'], [2_592_000_000, 'month']]

/** A window that has no name becomes the next longer one with the same number: stricter, never looser. */
export function rateLimit (context: PolicyContext, step: Step): void {
  const { draft, route, what } = context
  const { action, condition, place } = step
  const max = Number(action['max'] ?? 5)
  if (max === 0) return
  const window = Number(action['windowMs'] ?? 60_000)
  const [length, name] = WINDOWS.find(([milliseconds]) => milliseconds >= window) ?? []
  const by = identifier(action['rateLimitBy'])
  const twice = (route['plugins'] as Item[] | undefined)?.some(({ name }) => name === 'rate-limiting') === true
  if (name === undefined || by === null || twice) return closeFor(context, step, twice ? 'two limits for one route can\'t be said.' : name === undefined ? 'its window is longer than a month.' : 'what it counts by can\'t be said.')
  const entry = add(route, 'rate-limiting', {
    [name]: max,
    ...by,
    policy: 'local',
    ...(action['statusCode'] === undefined ? {} : { error_code: action['statusCode'] }),
    ...(typeof action['message'] === 'string' ? { error_message: action['message'] } : {})
  })
  draft.tell('changed', `${what}: rate-limit`, [
    'each gateway and each route counts on its own: with `policy: redis` gateways share the count.',
    ...(length === window ? [] : [`${max} in ${window / 1000} s became ${max} each ${name}, which is stricter.`]),
    ...(condition === 'always' ? [] : [`Its condition (${condition}) can't be said: it counts all requests.`])
  ].join(' '), place, entry)
}

function identifier (by: unknown): Item | null {
  if (by === undefined || by === null || /^\$\{(?:egContext\.)?req\.ip\}$/.test(String(by))) return { limit_by: 'ip' }
  if (/^\$\{(?:egContext\.)?(?:req\.)?(?:user|consumer)\.\w+\}$/.test(String(by))) return { limit_by: 'consumer' }
  const header = /^\$\{(?:egContext\.)?req\.headers(?:\.(\w+)|\[['"]([\w-]+)['"]\])\}$/.exec(String(by))
  return header === null ? null : { limit_by: 'header', header_name: header[1] ?? header[2] }
}
