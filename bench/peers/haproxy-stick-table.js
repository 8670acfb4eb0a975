import haproxy from './haproxy.js'

/** HAProxy with a limit by address that nobody reaches, in a stick table: sliding over a minute, told in a header. */
export default {
  ...haproxy,
  name: 'haproxy+stick-table',
  program: context => haproxy.program({
    ...context,
    rules: `
  stick-table type ip size 1m expire 2m store http_req_rate(60s)
  http-request track-sc0 src
  http-request deny deny_status 429 if { sc_http_req_rate(0) gt 1000000000 }
  http-response set-header ratelimit-limit 1000000000`
  }),
  adds: { response: ['ratelimit-limit'] }
}
