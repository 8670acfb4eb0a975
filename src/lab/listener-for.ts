import type { ListenSettings } from '../config/model.ts'
import { LabError, type LabRequest } from './trial.ts'

/** Scheme, host with port, path and query. */
export const ABSOLUTE = /^(https?):\/\/([^/?#]*)([^#]*)/i

/** The listener that a client would have connected to. @throws LabError: there is none */
export function listenerFor ({ url, messages }: LabRequest, listen: readonly ListenSettings[]): ListenSettings {
  const [, scheme, authority = ''] = ABSOLUTE.exec(url) ?? []
  if (scheme === undefined) return listen[0] as ListenSettings
  const tls = scheme.toLowerCase() === 'https'
  const fitting = listen.filter(listener => listener.tls === tls)
  const port = Number(/:(\d+)$/.exec(authority)?.[1] ?? (tls ? 443 : 80))
  const found = fitting.find(listener => listener.port === port) ?? fitting[0]
  if (found !== undefined) return found
  // as it was asked for
  const kind = messages === undefined ? 'http' : 'ws'
  throw new LabError(`no listener of the file speaks ${kind}${tls ? 's' : ''}: write ${kind}${tls ? '' : 's'}://, or add one to gateway.listen`)
}
