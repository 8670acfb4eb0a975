import ipaddr from 'ipaddr.js'
import type { Finding } from '../report.ts'

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/i

export interface HostForm {
  /** Whether `:port` may follow. */
  readonly port: boolean
  /** Whether the left-most or right-most label may be `*`. */
  readonly wildcard: boolean
}

/** Why a text names no host; undefined when it does. */
export function hostProblem (value: string, form: HostForm): Omit<Finding, 'rule'> | undefined {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(value)
  if (scheme !== null || value.includes('/')) {
    return { cause: 'a host holds neither scheme nor path', mend: `Write the host alone: ${alone(value.slice(scheme?.[0].length ?? 0).split('/', 1)[0] ?? '', form)}` }
  }
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::([^:]*))?$/.exec(value) ?? ['', value]
  if (port !== undefined) {
    if (!form.port) return { cause: 'a port can\'t be part of the host here', mend: `Write the host alone: ${host}` }
    if (!/^\d{1,5}$/.test(port) || Number(port) > 65535 || Number(port) === 0) return { cause: `'${port}' is no port`, mend: 'Write a number from 1 to 65535 behind the colon.' }
  }
  return nameProblem(host, form)
}

/** Without the user in front of it, and without a port where none may follow. */
function alone (text: string, form: HostForm): string {
  const host = text.slice(text.lastIndexOf('@') + 1)
  return form.port ? host : host.replace(/(?<=[^:]|\]):\d+$/, '')
}

function nameProblem (host: string, form: HostForm): Omit<Finding, 'rule'> | undefined {
  if (host.startsWith('[') || host.includes(':')) {
    return ipaddr.IPv6.isValid(host.replace(/^\[|\]$/g, '')) ? undefined : { cause: 'this is no IPv6 address', mend: 'Correct the address, such as [2001:db8::1].' }
  }
  if (/^[\d.]+$/.test(host)) {
    return ipaddr.IPv4.isValidFourPartDecimal(host) ? undefined : { cause: 'this is no IPv4 address', mend: 'Write four numbers from 0 to 255, or a host name.' }
  }
  if (/[^\p{ASCII}]/u.test(host)) return { cause: 'a host name has only ASCII letters', mend: 'Write its ASCII form, which starts with xn--.' }
  const labels = host.split('.')
  if (host.includes('*')) {
    const outer = (labels[0] === '*') !== (labels.at(-1) === '*') && labels.filter(label => label.includes('*')).length === 1 && labels.length > 1
    if (!form.wildcard) return { cause: 'a wildcard can\'t stand here', mend: 'Write the whole host name.' }
    if (!outer) return { cause: 'a wildcard must be the whole left-most or right-most label, and the only one', mend: 'Write `*.example.com` or `example.*`.' }
  }
  const wrong = labels.find(label => label !== '*' && !LABEL.test(label))
  if (wrong === undefined && host.length <= 253) return undefined
  return wrong === ''
    ? { cause: 'a host name has no empty part', mend: 'Remove the surplus dot.' }
    : { cause: 'this is no host name', mend: 'Use letters, digits, `-` and `_` between the dots.' }
}

/** An address, or a CIDR. */
export function isAddressRange (value: string): boolean {
  if (!value.includes('/')) return ipaddr.IPv4.isValidFourPartDecimal(value) || ipaddr.IPv6.isValid(value)
  return ipaddr.IPv4.isValidCIDRFourPartDecimal?.(value) || ipaddr.IPv6.isValidCIDR(value)
}
