import { hostname } from 'node:os'

/** By number (RFC 5424 section 6.2.1). */
export const SEVERITIES = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const
export const FACILITIES = ['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'clock', 'authpriv', 'ftp', 'ntp', 'audit', 'alert', 'cron',
  'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'] as const

export type Severity = typeof SEVERITIES[number]
export type Facility = typeof FACILITIES[number]

/** Makes messages of RFC 5424. */
export function createMessages (facility: Facility, ident: string): (severity: Severity, text: string, now: number) => string {
  const base = FACILITIES.indexOf(facility) * 8
  const host = hostname().replace(/[^!-~]/g, '').slice(0, 255) || '-'
  const middle = `${host} ${ident} ${process.pid} access -`
  return (severity, text, now) => `<${base + SEVERITIES.indexOf(severity)}>1 ${new Date(now).toISOString()} ${middle} ${text}`
}
