import { Gateway } from '../entities/gateway.ts'
import { Service } from '../entities/service.ts'
import type { Pointer } from '../model.ts'
import { join } from '../pointer.ts'
import type { SchemaPart } from '../validate/messages.ts'
import { unitOf } from '../validate/units.ts'
import type { LintContext } from './context.ts'

/** As milliseconds hardly anything takes so little; as seconds these are usual. */
const FEW = 30

/** Milliseconds that are so few that seconds were probably meant. */
export function shortTimeouts (context: LintContext): void {
  const { config, plugins } = context
  for (const service of config.services) look(context, Service as unknown as SchemaPart, service, service.pointer)
  for (const { name, config: options, pointer } of config.plugins) look(context, plugins.registry.get(name)?.schema as SchemaPart | undefined ?? {}, options, `${pointer}/config`)
  look(context, Gateway as unknown as SchemaPart, config.gateway, '/gateway')
}

function look (context: LintContext, { properties = {} }: SchemaPart, value: unknown, pointer: Pointer): void {
  if (typeof value !== 'object' || value === null) return
  for (const [key, schema] of Object.entries(properties)) {
    const inner = (value as Readonly<Record<string, unknown>>)[key]
    if (typeof inner === 'object') look(context, schema, inner, join(pointer, key))
    else if (typeof inner === 'number' && isShort(inner, key, schema)) warn(context, inner, join(pointer, key))
  }
}

/** What usually takes a second and more; pauses and delays are short on purpose, and so is waiting for Redis. Breakers speak for themselves. */
function isShort (value: number, key: string, schema: SchemaPart): boolean {
  if (value <= 0 || !Number.isInteger(value)) return false
  const usual = schema.default
  const long = typeof usual === 'number' ? usual >= 1000 && (value <= FEW || value * 1000 === usual) : key.endsWith('timeout') && value <= FEW
  return long && schema.type === 'integer' && unitOf(schema) === 'milliseconds' && !/backoff|reset/.test(key)
}

function warn (context: LintContext, value: number, pointer: Pointer): void {
  if (!context.source.has(pointer)) return
  const secret = context.source.isSecret(pointer)
  context.warn(pointer, {
    rule: 'short-timeout',
    cause: `${secret ? 'this' : value} is a number of milliseconds, and too few for most: were seconds meant?`,
    mend: secret ? 'Set the variable to milliseconds.' : `Write ${value * 1000} (milliseconds) for ${value} ${value === 1 ? 'second' : 'seconds'}.`
  })
}
