import { Type } from 'typebox'
import { closed, common, NAME_PATTERN, referenceTo } from './common.ts'

/** Consumers that share plugin entries. */
export const ConsumerGroup = closed({
  ...common,
  name: Type.String({ minLength: 1, pattern: NAME_PATTERN, description: 'Unique name of the group.' }),
  consumers: Type.Optional(Type.Array(referenceTo('consumer', 'username'), { description: 'The consumers of the group.' }))
}, { description: 'Consumers that share plugin entries.' })

/** One consumer in one group, as exported files list them. */
export const ConsumerGroupConsumer = closed({
  ...common,
  consumer: referenceTo('consumer', 'username'),
  consumer_group: referenceTo('consumer group', 'name')
}, { description: 'One consumer in one group.' })
