import type { FastifyBaseLogger } from 'fastify'
import type { GatewaySettings } from '../../config/model.ts'
import { readDebugToken, type DebugClaims } from '../../debug/token.ts'
import { endOf } from '../../observability/ended.ts'
import type { Redactor } from '../../observability/redaction.ts'
import type { Context } from '../context.ts'
import { DebugTrace } from './trace.ts'

/** Decides which requests are debugged. A token that is not valid changes nothing, and nobody is told. */
export class DebugGate {
  readonly #secret: string
  readonly #now: () => number

  constructor ({ secret }: NonNullable<GatewaySettings['debug']>, now: () => number) {
    this.#secret = secret
    this.#now = now
  }

  /** For a request that has brought a token, before any plugin runs. */
  begin (context: Context, token: string): void {
    const claims = readDebugToken(this.#secret, token, this.#now())
    if (claims !== null && fits(claims, context)) context.debug = new DebugTrace(context.startedTick)
  }
}

function fits ({ route, path, ip }: DebugClaims, context: Context): boolean {
  return (route === undefined || (context.route !== null && (context.route.name === route || context.route.id === route))) &&
    (path === undefined || context.path === path || context.path.startsWith(path.endsWith('/') ? path : `${path}/`)) &&
    (ip === undefined || context.clientIp === ip)
}

/** A request that is debugged has ended: one line of the log tells where its time went. */
export function endDebug (context: Context, trace: DebugTrace, { log, redactor }: { readonly log: Pick<FastifyBaseLogger, 'info'>, readonly redactor: Redactor }): void {
  context.ended ??= endOf(context)
  const { status, reason } = context.ended
  log.info({ request: context.id, route: context.route?.name ?? context.route?.id ?? null, status, end: reason, timeline: trace.end(context, redactor) }, 'debugged a request')
}
