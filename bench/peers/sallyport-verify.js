import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sallyport } from '../lib/sallyport.js'
import { rs256Tokens } from '../lib/tokens.js'

const contract = new URL('../../dist/src/plugin.js', import.meta.url)

/**
 * What `sallyport+jwt-new` can't be below: the hop with the same tokens in it, and one bare `crypto.verify` a request, of bytes that are
 * ready. In the same process, since caches that others have used make it dearer than in a loop.
 */
const plain = sallyport({
  name: 'sallyport+verify',
  plugins: [{ name: 'bare-verify' }],
  field: () => ({ name: 'authorization', values: rs256Tokens().tokens.map(token => `Bearer ${token}`) }),
  manyValues: true
})

export default {
  ...plain,
  program (context) {
    const { publicKey, tokens } = rs256Tokens()
    writeFileSync(join(context.dir, 'bare-verify.mjs'), `
      import { createPublicKey, verify } from 'node:crypto'
      import { definePlugin, Type } from ${JSON.stringify(contract.href)}
      const key = createPublicKey(${JSON.stringify(publicKey)})
      const parts = ${JSON.stringify(tokens)}.map(token => {
        const dot = token.lastIndexOf('.')
        return [Buffer.from(token.slice(0, dot)), Buffer.from(token.slice(dot + 1), 'base64url')]
      })
      let at = 0
      export default definePlugin({
        name: 'bare-verify',
        priority: 1451,
        schema: Type.Object({}, { additionalProperties: false }),
        scopes: ['global'],
        register (scope) {
          scope.addHook('onRequest', function bareVerify (request, reply) {
            at = (at + 1) % parts.length
            if (!verify('sha256', parts[at][0], key, parts[at][1])) throw new Error('wrong')
          })
        }
      })
    `)
    return plain.program({ ...context, modules: ['./bare-verify.mjs'] })
  }
}
