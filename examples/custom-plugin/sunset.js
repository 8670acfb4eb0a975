import { definePlugin, GatewayError, Type } from 'sallyport/plugin'

const Sunset = Type.Object({
  date: Type.String({
    title: 'Date',
    description: 'When the API goes away, as in RFC 3339.',
    format: 'date-time',
    examples: ['2031-01-01T00:00:00Z']
  }),
  link: Type.Optional(Type.String({
    title: 'Link',
    description: 'Page that says what to use instead.',
    format: 'uri',
    examples: ['https://example.com/moving-to-v2']
  }))
}, {
  title: 'sunset',
  description: 'Says on every answer when an API goes away (RFC 8594), and answers 410 from then on.',
  additionalProperties: false
})

export default definePlugin({
  name: 'sunset',
  // before authentication: what is gone is gone for everyone
  priority: 2200,
  schema: Sunset,
  scopes: ['service', 'route'],
  * check ({ link }) {
    if (link !== undefined && !link.startsWith('https://')) {
      yield { path: '/link', message: 'the page is not served over https', mend: 'Link to https://….', severity: 'warning' }
    }
  },
  // once per entry: what requests need is made here
  setup ({ date, link }, gateway) {
    const time = Date.parse(date)
    return {
      isGone: () => gateway.now() >= time,
      header: new Date(time).toUTCString(),
      link: link === undefined ? undefined : `<${link}>; rel="sunset"`
    }
  },
  // once per scope that the entry serves: hooks, nothing else
  register (scope, { state }) {
    scope.addHook('onRequest', async function sunset () {
      if (state.isGone()) throw new GatewayError('SUNSET', 410, 'This API is gone')
    })

    // also on the 410, and on the answers of other plugins
    scope.addHook('onSend', async function sunsetHeaders (request, reply) {
      reply.header('sunset', state.header)
      if (state.link === undefined) return
      const links = [reply.getHeader('link') ?? []].flat()
      reply.header('link', [...links, state.link])
    })
  }
})
