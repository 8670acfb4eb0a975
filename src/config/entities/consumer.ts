import { Type } from 'typebox'
import { closed, common, referenceTo } from './common.ts'

/** Who calls. */
export const Consumer = closed({
  ...common,
  username: Type.Optional(Type.String({ minLength: 1, description: 'Unique name of the consumer.' })),
  custom_id: Type.Optional(Type.String({ minLength: 1, description: 'Unique id of the consumer in another system.' })),
  groups: Type.Optional(Type.Array(referenceTo('consumer group', 'name'), { description: 'Consumer groups that it is in.' }))
}, {
  description: 'Who calls: a person or a program. At least one of username and custom_id is set.',
  anyOf: [{ required: ['username'] }, { required: ['custom_id'] }]
})
