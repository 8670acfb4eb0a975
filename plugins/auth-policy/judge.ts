import { type Attempt, type GatewayError, type Identity, identityOf, refuse } from '../../src/plugin.ts'
import { type Requirement, shortfall } from './requirement.ts'

/** Who may pass as whom, or the answer instead. */
export type Verdict = Identity | GatewayError

type Attempts = readonly Attempt[]

const CODE = 'SP_AUTH_POLICY'

/** The first requirement that holds decides who calls. */
export function anyOf (requirements: readonly Requirement[], attempts: Attempts): Verdict {
  let lacking: GatewayError | null = null
  const refusals: GatewayError[] = []
  for (const requirement of requirements) {
    const attempt = attempts.find(({ plugin }) => plugin === requirement.plugin)
    if (attempt === undefined) continue
    if (attempt.identity === null) {
      refusals.push(attempt.refusal)
      continue
    }
    const refusal = shortfall(requirement, attempt.identity)
    if (refusal === null) return attempt.identity
    lacking ??= refusal
  }
  // who is known and may not, is told so; whoever else is still asked to say who they are
  return lacking ?? combine(refusals)
}

/** All of them hold; of the plugins that are asked for, the one that ran last decides who calls. */
export function allOf (requirements: readonly Requirement[], attempts: Attempts): Verdict {
  const refusals: GatewayError[] = []
  let lacking: GatewayError | null = null
  let complete = true
  for (const requirement of requirements) {
    const attempt = attempts.find(({ plugin }) => plugin === requirement.plugin)
    if (attempt !== undefined && attempt.identity !== null) lacking ??= shortfall(requirement, attempt.identity)
    else if (attempt !== undefined) refusals.push(attempt.refusal)
    else complete = false
  }
  if (refusals.length > 0 || !complete) return combine(refusals)
  if (lacking !== null) return lacking
  const asked = new Set(requirements.map(({ plugin }) => plugin))
  return together(attempts.filter(({ plugin }) => asked.has(plugin)))
}

/** Nobody may pass. */
export function deny (attempts: Attempts): GatewayError {
  return attempts.some(({ identity }) => identity !== null)
    ? refuse(403, 'You cannot consume this service', { code: CODE })
    : combine(attempts.flatMap(({ refusal }) => refusal?.statusCode === 401 ? [refusal] : []))
}

/** The last identity that says who calls, with what those that don't (an authoriser's) have for the service. */
export function together (attempts: Attempts): Identity {
  const identities = attempts.flatMap(({ identity }) => identity ?? [])
  const named = identities.findLast(namesCaller)
  const headers = identities.filter(identity => !namesCaller(identity)).flatMap(identity => identity.headers)
  return named === undefined ? identityOf({ headers }) : { ...named, headers: [...named.headers, ...headers] }
}

function namesCaller ({ subject, consumer, credential }: Identity): boolean {
  return subject !== null || consumer !== null || credential !== null
}

/**
 * One answer for several refusals. A provider that is down comes first: it might have accepted. Then what is more than
 * "say who you are" (a redirect to a login, 403, 429); then 401 with everybody's challenges.
 */
function combine (refusals: readonly GatewayError[]): GatewayError {
  const telling = refusals.find(({ statusCode }) => statusCode >= 500) ?? refusals.find(({ statusCode }) => statusCode !== 401)
  if (telling !== undefined) return telling
  const [only, ...others] = refusals
  if (only !== undefined && others.length === 0) return only
  const challenges = new Set(refusals.flatMap(({ headers }) => headers?.['www-authenticate'] ?? []))
  return refuse(401, 'Unauthorized', { code: CODE, ...challenges.size === 0 ? {} : { challenge: [...challenges].join(', ') } })
}
