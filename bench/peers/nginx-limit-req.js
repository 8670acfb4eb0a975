import nginx from './nginx.js'

/** nginx with a limit by address that nobody reaches: a leaking bucket, and no headers that tell of it. */
export default {
  ...nginx,
  name: 'nginx+limit_req',
  program: context => nginx.program({
    ...context,
    http: 'limit_req_zone $binary_remote_addr zone=clients:10m rate=1000000r/s;',
    location: 'limit_req zone=clients burst=1000000 nodelay;'
  })
}
