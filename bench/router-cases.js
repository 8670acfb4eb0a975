/** Route sets and requests for router.js: a mixed one, and those that a router could be slow on. */

const words = ['users', 'orders', 'items', 'carts', 'search', 'reports', 'invoices', 'sessions', 'admin', 'files', 'events', 'teams']
const verbs = ['GET', 'POST', 'PUT', 'DELETE']

const browser = [
  'host', 'x', 'user-agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36', 'accept', 'application/json', 'accept-encoding', 'gzip, deflate, br',
  'accept-language', 'en-GB,en;q=0.9', 'authorization', `Bearer ${'x'.repeat(400)}`, 'cookie', `session=${'y'.repeat(60)}`, 'content-type', 'application/json',
  'x-request-id', '0123456789abcdef', 'referer', 'https://example.com/somewhere', 'connection', 'keep-alive'
]

/** A seeded generator: the same routes on every run. */
export function makeRandom (seed) {
  let state = seed
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor(state / 2 ** 32 * below)
  }
}

function makeRoute (index, fields) {
  return {
    id: `route-${index}`,
    name: `route-${index}`,
    tags: [],
    pointer: `/routes/${index}`,
    service: 'service',
    protocols: ['http', 'https'],
    methods: null,
    hosts: null,
    paths: null,
    headers: null,
    snis: null,
    regex_priority: 0,
    strip_path: true,
    path_handling: 'v0',
    preserve_host: false,
    https_redirect_status_code: 426,
    request_buffering: true,
    response_buffering: true,
    ...fields
  }
}

function makeRequest (fields) {
  return { method: 'GET', host: 'api.example.com', path: '/', headers: browser, scheme: 'http', port: 8000, sni: null, ...fields }
}

/** Exact and wildcard hosts and none, prefixes, one regex in a hundred, some methods and headers. */
export function mixedRoutes (size, random) {
  return Array.from({ length: size }, (_, index) => {
    const tenant = random(Math.ceil(size / 20))
    const word = words[random(words.length)]
    const kind = random(10)
    const hosts = kind < 5 ? [`t${tenant}.example.com`] : kind < 7 ? [`*.t${tenant}.example.com`] : null
    const path = index % 100 === 0 ? `~/${word}/v\\d+/r${index}/(?<id>[^/]+)$` : `/${word}/r${index}`
    return makeRoute(index, {
      hosts,
      paths: [path],
      methods: random(4) === 0 ? ['GET', 'POST'] : null,
      headers: random(20) === 0 ? { 'x-version': ['2'] } : null
    })
  })
}

/** Nine in ten are made for a route. */
export function mixedRequests (routes, count, random) {
  return Array.from({ length: count }, (_, index) => {
    const { hosts, paths: [path], headers } = routes[random(routes.length)]
    const literal = path.startsWith('~') ? path.slice(1).replace('v\\d+', 'v12').replace('(?<id>[^/]+)$', 'abc') : `${path}/123/details`
    return makeRequest({
      host: (hosts?.[0] ?? 'other.example.com').replace('*', 'a.b'),
      path: index % 10 === 0 ? `/nothing${literal}` : literal,
      headers: headers === null ? browser : [...browser, 'X-Version', '2']
    })
  })
}

function routes (size, fields) {
  return Array.from({ length: size }, (_, index) => makeRoute(index, fields(index)))
}

function requests (size, fields) {
  return Array.from({ length: 1000 }, (_, index) => makeRequest(fields((index * 7919) % size)))
}

/** `matches`: fewer where one takes long. */
export function worstCases (size) {
  const grid = Math.floor(Math.sqrt(size))
  const operation = index => `${words[index % 12]}-${index}`
  return [
    {
      name: 'one prefix, a header value each',
      routes: routes(size, index => ({ paths: ['/api'], headers: { 'x-tenant': [`t${index}`] } })),
      requests: requests(size, index => ({ path: '/api/x', headers: [...browser, 'X-Tenant', `t${index}`] }))
    },
    {
      name: 'one prefix, a header name each',
      routes: routes(size, index => ({ paths: ['/api'], headers: { [`x-tenant-${index}`]: ['1'] } })),
      requests: requests(size, index => ({ path: '/api/x', headers: [...browser, `X-Tenant-${index}`, '1'] }))
    },
    {
      name: 'one prefix, a pair of headers each',
      routes: routes(size, index => ({ paths: ['/api'], headers: { 'x-a': [`${index % grid}`], 'x-b': [`${Math.floor(index / grid)}`] } })),
      requests: requests(size, index => ({ path: '/api/x', headers: [...browser, 'x-a', `${index % grid}`, 'x-b', `${Math.floor(index / grid)}`] }))
    },
    {
      name: 'one prefix, a method each',
      routes: routes(size, index => ({ paths: ['/api'], methods: [`M${index}`] })),
      requests: requests(size, index => ({ path: '/api/x', method: `M${index}` }))
    },
    {
      name: 'a wildcard host each, in front',
      routes: routes(size, index => ({ hosts: [`*.t${index}.example.com`] })),
      requests: requests(size, index => ({ host: `a.b.t${index}.example.com`, path: '/api/x' }))
    },
    {
      name: 'a wildcard host each, behind',
      routes: routes(size, index => ({ hosts: [`t${index}.*`] })),
      requests: requests(size, index => ({ host: `t${index}.example.com`, path: '/api/x' }))
    },
    {
      name: 'one host, a port each',
      routes: routes(size, index => ({ hosts: [`example.com:${index + 1}`] })),
      requests: requests(size, index => ({ host: `example.com:${index + 1}`, path: '/api/x' }))
    },
    {
      name: 'prefixes inside each other, wrong method',
      routes: routes(1000, index => ({ paths: [`/${'a'.repeat(index)}`], methods: ['PUT'] })),
      requests: requests(size, () => ({ path: `/${'a'.repeat(2000)}` })),
      matches: 2000
    },
    {
      name: 'an OpenAPI import: a regex each',
      routes: routes(1000, index => ({
        paths: [`~/repos/(?<owner>[^#?/]+)/(?<repo>[^#?/]+)/${operation(index)}${index % 3 === 0 ? '/(?<id>[^#?/]+)' : ''}$`],
        methods: [verbs[index % 4]]
      })),
      requests: requests(1000, index => ({ path: `/repos/me/it/${operation(index)}${index % 3 === 0 ? '/7' : ''}`, method: verbs[index % 4] })),
      matches: 2000
    },
    {
      name: 'mixed, an 8 KiB path of many segments',
      routes: mixedRoutes(size, makeRandom(7)),
      requests: requests(size, index => ({ host: `t${index % 500}.example.com`, path: `/users/r${index}${'/a.b'.repeat(2000)}` })),
      matches: 2000
    },
    {
      name: 'wildcards, an 8 KiB host of many labels',
      routes: routes(size, index => ({ hosts: [`*.t${index}.example.com`, `t${index}.*`] })),
      requests: requests(size, () => ({ host: `${'a.'.repeat(4000)}com` })),
      matches: 2000
    },
    {
      name: 'a header name each, a hundred headers',
      routes: routes(size, index => ({ paths: ['/api'], headers: { [`x-tenant-${index}`]: ['1'] } })),
      requests: requests(size, () => ({ path: '/api', headers: Array.from({ length: 200 }, (_, part) => part % 2 === 0 ? `X-Filler-${part}` : 'V'.repeat(150)) })),
      matches: 2000
    }
  ]
}
