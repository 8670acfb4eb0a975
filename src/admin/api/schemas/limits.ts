import { Type } from 'typebox'
import { amount, closed, nullable, Place, Reference, text, truth, whole } from './common.ts'

const period = Type.String({ description: '`second`, `minute`, `hour`, `day`, `month`, `year`, or a number of seconds.' })

export const LimitView = closed({
  entry: text('Id of the entry.'),
  plugin: Type.String(),
  instance_name: nullable(Type.String()),
  service: nullable(Reference),
  route: nullable(Reference),
  consumer: nullable(Reference),
  consumer_group: nullable(Reference),
  limit_by: nullable(Type.String(), { description: 'Who shares a count.' }),
  windows: Type.Array(closed({ name: nullable(Type.String(), { description: 'Of the limit, where an entry has several.' }), period, limit: amount('So much in each period.') }), { description: 'Of those without limits of their own.' }),
  policy: Type.Enum(['local', 'redis']),
  state: Type.Enum(['local', 'up', 'down'], { description: '`local`: there is no shared store.' }),
  counters: whole('In the memory of the processes.'),
  decisions: Type.Integer(),
  refused: Type.Integer(),
  store_errors: Type.Integer(),
  can_look_up: truth('POST /limits/look-up and /limits/reset know it.'),
  place: Place
}, { description: 'An entry that counts.' })

export const LimitQuestion = closed({
  entry: Type.String({ minLength: 1, description: 'Id or instance_name of the entry.' }),
  identifier: Type.String({ minLength: 1, maxLength: 4096, description: 'Whose count: `ip:203.0.113.7`, `consumer:alice`, `credential:…`, `header:…`, `path:…`, `service:orders`, `claim:…`, `scope:…`, `group:…`.' })
}, { description: 'Whose counters.' })

export const LimitCount = closed({
  entry: text('Id of the entry.'),
  identifier: text('As it is counted.'),
  windows: Type.Array(closed({
    name: nullable(Type.String()),
    period,
    limit: Type.Number(),
    used: Type.Number(),
    remaining: Type.Number(),
    reset: amount('Milliseconds until the window starts anew.')
  }))
}, { description: 'What is used of an entry\'s limits.' })

export const LimitReset = closed({
  entry: text('Id of the entry.'),
  identifier: text('As it is counted.'),
  reset: whole('Counters that were thrown away.')
}, { description: 'They begin at nothing again.' })
