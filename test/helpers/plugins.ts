import { definePlugin, Type, type BodyMode, type BrandedPlugin, type FastifyInstance } from '../../src/plugin.ts'

const schema = Type.Object({}, { additionalProperties: false })

/** A plugin for one test, made of its hooks. */
export function testPlugin (register: (scope: FastifyInstance) => void, options: { name?: string, body?: BodyMode, response?: BodyMode } = {}): BrandedPlugin {
  const { name = 'test', ...modes } = options
  return definePlugin({ name, priority: 1, schema, scopes: ['global', 'service', 'route', 'consumer'], ...modes, register })
}

/** Refuses every request before its body is looked at. */
export function refusing (status = 401): BrandedPlugin {
  return testPlugin(scope => {
    scope.addHook('onRequest', async (_request, reply) => {
      reply.code(status).send({ message: 'Unauthorized' })
      return await reply
    })
  }, { name: 'refusing' })
}
