import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { secretValues } from '../../src/observability/secret-values.ts'

t.test('values that came from references, whole and without the text around them', async t => {
  const expression = '$' + '{{ env "DECK_TOKEN" }}'
  const { source } = await loadConfig({
    file: 'gateway.yaml',
    env: { DECK_TOKEN: 'token-of-deck', NAME: 'name-of-vault' },
    text: `_format_version: "3.0"
services:
  - &s
    name: '{vault://env/name}'
    url: http://shop.example
    tags: ['Bearer ${expression}!', plain]
  - <<: *s
    name: other
`
  })
  t.same(secretValues(source).sort(), ['Bearer token-of-deck!', 'name-of-vault', 'token-of-deck'])
})
