import { Type, type Static } from 'typebox'
import { closed, set } from './common.ts'

const HEALTHY = [200, 302]
const UNHEALTHY = [429, 404, 500, 501, 502, 503, 504, 505]
const PASSIVE_HEALTHY = [200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 306, 307, 308]
const PASSIVE_UNHEALTHY = [429, 500, 503]

const count = (description: string) => Type.Integer({ minimum: 0, maximum: 255, default: 0, description: `${description} 0: never.` })

const statuses = (values: readonly number[], description: string) => set(
  Type.Integer({ minimum: 100, maximum: 999, description: 'A status.' }),
  { minItems: 1, default: [...values], description }
)

const interval = (which: string) => Type.Number({
  minimum: 0,
  maximum: 65535,
  default: 0,
  description: `Seconds between two checks of a target that is ${which}; 0: it isn't checked.`
})

const failures = {
  tcp_failures: count('Failed connections in a row that take a target out.'),
  timeouts: count('Time-outs in a row that take a target out.'),
  http_failures: count('Statuses of the list in a row that take a target out.')
}

const CHECK_TYPES = ['http', 'https', 'tcp'] as const

/** Kong's `healthchecks` of an upstream, and how a target that was taken out comes back. */
export const Healthchecks = closed({
  threshold: Type.Number({
    minimum: 0,
    maximum: 100,
    default: 0,
    description: 'Percent of the weight that must be more than this healthy; else every request is answered with 503.'
  }),
  max_ejection_percent: Type.Integer({
    minimum: 0,
    maximum: 100,
    default: 50,
    description: 'Percent of the targets that may be out before passive checks take out no more: an only target stays. 100: all of them may go, as in Kong.'
  }),
  active: closed({
    type: Type.Enum([...CHECK_TYPES], { default: 'http', description: 'How a target is checked: a request, or a connection alone (tcp).' }),
    timeout: Type.Number({ exclusiveMinimum: 0, maximum: 65535, default: 1, description: 'Seconds that a check may take.' }),
    concurrency: Type.Integer({ minimum: 1, maximum: 2147483648, default: 10, description: 'Checks that run at the same time.' }),
    http_path: Type.String({ pattern: '^/[\\x21-\\x7e]*$', default: '/', description: 'Path of the request.', examples: ['/healthz'] }),
    https_verify_certificate: Type.Boolean({ default: true, description: 'Whether the certificate of the target is verified.' }),
    https_sni: Type.Optional(Type.String({ minLength: 1, description: 'Name that is asked for, and that the certificate is verified against; without it the target\'s.', examples: ['api.example.com'] })),
    headers: Type.Optional(Type.Record(
      Type.String({ minLength: 1 }),
      Type.Array(Type.String({ pattern: '^[\\x20-\\x7e]*$', description: 'A value.' }), { minItems: 1, description: 'The values.' }),
      { description: 'Header fields of the request: name to values.', examples: [{ 'x-health-check': ['sallyport'] }] }
    )),
    healthy: closed({
      interval: interval('healthy'),
      http_statuses: statuses(HEALTHY, 'Statuses of a healthy target.'),
      successes: count('Checks in a row that bring a target back.')
    }, { default: {}, description: 'What healthy targets are checked for.' }),
    unhealthy: closed({
      interval: interval('unhealthy'),
      http_statuses: statuses(UNHEALTHY, 'Statuses of an unhealthy target.'),
      ...failures
    }, { default: {}, description: 'What unhealthy targets are checked for.' })
  }, { default: {}, description: 'The gateway asks the targets itself.' }),
  passive: closed({
    type: Type.Enum([...CHECK_TYPES], { default: 'http', description: '`tcp`: statuses don\'t count.' }),
    healthy: closed({
      http_statuses: statuses(PASSIVE_HEALTHY, 'Statuses of a healthy target.'),
      successes: count('Good answers in a row that bring a target back.')
    }, { default: {}, description: 'What speaks for a target.' }),
    unhealthy: closed({
      http_statuses: statuses(PASSIVE_UNHEALTHY, 'Statuses of an unhealthy target.'),
      ...failures
    }, { default: {}, description: 'What speaks against a target.' }),
    recovery_interval: Type.Number({
      minimum: 0,
      maximum: 65535,
      default: 30,
      description: 'Seconds until a target that was taken out gets a request on trial, where no active check brings it back. 0: it gets none, as in Kong.'
    }),
    max_recovery_interval: Type.Number({
      minimum: 0,
      maximum: 65535,
      default: 300,
      description: 'The pause doubles after each trial that fails, up to this many seconds.'
    })
  }, { default: {}, description: 'The gateway watches how the requests of its clients fare.' })
}, { default: {}, description: 'How targets that fail are found, taken out and brought back.' })

export type HealthchecksOptions = Static<typeof Healthchecks>

/** Whether anything is checked: without an interval or a limit every target gets traffic. */
export function checksHealth ({ active, passive }: HealthchecksOptions): boolean {
  return active.healthy.interval > 0 || active.unhealthy.interval > 0 || watchesTraffic({ passive })
}

/** Whether passive checks can take a target out. */
export function watchesTraffic ({ passive: { unhealthy } }: Pick<HealthchecksOptions, 'passive'>): boolean {
  return unhealthy.tcp_failures > 0 || unhealthy.timeouts > 0 || unhealthy.http_failures > 0
}
