import type { Route } from '../../src/config/model.ts'

/** A route with the file's defaults; `id` and `name` are the same, so that a test can name what won. */
export function makeRoute (id: string, fields: Partial<Route> = {}): Route {
  return {
    id,
    name: id,
    tags: [],
    pointer: `/routes/${id}`,
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
    importance: null,
    path_policy: null,
    ...fields
  }
}
