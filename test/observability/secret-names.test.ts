import t from 'tap'
import { secretNames } from '../../src/observability/secret-names.ts'
import { definePlugin, Type } from '../../src/plugin.ts'
import { config, entry, settings } from '../helpers/config.ts'

t.test('names come from the file and from the plugins that read credentials, each once', async t => {
  const reader = definePlugin({
    name: 'reader',
    priority: 1,
    schema: Type.Object({ names: Type.Array(Type.String()) }, { additionalProperties: false }),
    scopes: ['global', 'route'],
    secretNames: ({ names }) => names,
    register () {}
  })
  const plain = definePlugin({ name: 'plain', priority: 2, schema: Type.Object({}, { additionalProperties: false }), scopes: ['global'], register () {} })
  const registry = new Map([reader, plain].map(plugin => [plugin.name, plugin]))
  const given = config({
    gateway: settings({ log: { level: 'silent', access: false, redact: ['tenant'] } }),
    plugins: [
      entry({ name: 'reader', config: { names: ['x-key', 'tenant'] } }),
      entry({ name: 'reader', id: 'other', config: { names: ['x-other'] } }),
      entry({ name: 'reader', id: 'off', enabled: false, config: { names: ['x-off'] } }),
      entry({ name: 'plain' })
    ]
  })
  t.same(secretNames(given, registry), ['tenant', 'x-key', 'x-other'])
})
