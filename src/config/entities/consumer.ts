import { Type } from 'typebox'
import { closed, common } from './common.ts'

/** Who calls. */
export const Consumer = closed({
  ...common,
  username: Type.Optional(Type.String({ minLength: 1, description: 'Unique name of the consumer.' })),
  custom_id: Type.Optional(Type.String({ minLength: 1, description: 'Unique id of the consumer in another system.' }))
}, {
  description: 'Who calls: a person or a program. At least one of username and custom_id is set.',
  anyOf: [{ required: ['username'] }, { required: ['custom_id'] }]
})
