/** The `gateway:` block, certificates and authorities. */
import type { GatewaySettings, ListenSettings } from '../config/model.ts'
import type { Draft, Kind, Risk } from './change.ts'
import type { Comparison } from './comparison.ts'
import { differences } from './differences.ts'
import { isLoopback, settingRisk } from './setting-risk.ts'

export function settingChanges (comparison: Comparison): Draft[] {
  const { old, next } = comparison
  const without = ({ listen: _, ...settings }: GatewaySettings): object => settings
  return [
    ...listenChanges(comparison),
    ...differences(without(old.config.gateway), without(next.config.gateway)).map(difference => {
      const risk = settingRisk(difference.path, difference)
      const rule = difference.path[0] === 'admin' && risk === 'high' ? 'admin-exposed' : `gateway-${String(difference.path[0]).replaceAll('_', '-')}`
      return comparison.field(difference, { kind: 'gateway', subject: '', rule, risk, old: '/gateway', next: '/gateway', label: `gateway.${difference.path.join('.')}` })
    })
  ]
}

/** Listeners by their ports: the place in the list says nothing. */
function listenChanges (comparison: Comparison): Draft[] {
  const { old, next } = comparison
  const [had, has] = [old.config.gateway.listen, next.config.gateway.listen]
  const address = ({ host, port, tls }: ListenSettings): string => `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`
  const left = has.map((listener, index) => ({ listener, index }))
  const drafts: Draft[] = []
  had.forEach((one, index) => {
    const at = left.findIndex(({ listener }) => listener.port === one.port && listener.host === one.host)
    const other = left.splice(at === -1 ? left.findIndex(({ listener }) => listener.port === one.port) : at, at === -1 && !left.some(({ listener }) => listener.port === one.port) ? 0 : 1)[0]
    if (other === undefined) {
      drafts.push(gateway('medium', 'listener-removed', `nothing listens on ${address(one)} any more`, [old.place(`/gateway/listen/${index}`)]))
      return
    }
    for (const difference of differences(one, other.listener)) {
      drafts.push(comparison.field(difference, {
        kind: 'gateway',
        subject: '',
        rule: 'listener-changed',
        risk: settingRisk(['listen', ...difference.path], difference),
        old: `/gateway/listen/${index}`,
        next: `/gateway/listen/${other.index}`,
        label: `${difference.path.join('.')} of the listener on port ${one.port}`
      }))
    }
  })
  for (const { listener, index } of left) drafts.push(gateway(isLoopback(listener.host) ? 'medium' : 'high', 'listener-added', `the gateway listens on ${address(listener)} as well`, [next.place(`/gateway/listen/${index}`)]))
  return drafts
}

function gateway (risk: Risk, rule: string, one: string, places: Draft['places']): Draft {
  return { kind: 'gateway', subject: '', risk, rule, one, details: [], places }
}

/** Names and dates of certificates are public; keys are never looked at but for being others. */
export function certificateChanges (comparison: Comparison): Draft[] {
  const { old, next } = comparison
  const certificates = comparison.pairNamed(old.config.certificates, next.config.certificates, ({ cert }) => cert)
  const authorities = comparison.pairNamed(old.config.ca_certificates, next.config.ca_certificates, ({ cert_digest: digest }) => digest)
  const drafts: Draft[] = []
  const draft = (kind: Kind, subject: string, risk: Risk, rule: string, one: string, many: string, places: Draft['places']): void => {
    drafts.push({ kind, subject, risk, rule, one, many, details: [], places })
  }
  for (const item of certificates.added) draft('certificate', next.nameOf(item), 'low', 'certificate-added', 'is new', 'are new', [next.heading(item)])
  for (const item of certificates.removed) draft('certificate', old.nameOf(item), 'medium', 'certificate-removed', 'is gone', 'are gone', [old.heading(item)])
  for (const [one, other] of certificates.both) {
    const changed = (['cert', 'key', 'ocsp', 'tags'] as const).filter(field => !comparison.same(one[field], other[field]))
    if (changed.length === 0) continue
    const tags = changed.every(field => field === 'tags')
    const words = tags ? 'other tags' : changed.includes('cert') ? 'another content' : changed.includes('key') ? 'another key' : 'another OCSP response'
    draft('certificate', next.nameOf(other), tags ? 'low' : 'medium', 'certificate-changed', `has ${words}`, `have ${words}`, [old.heading(one), next.heading(other)])
  }
  for (const item of authorities.added) draft('authority', next.nameOf(item), 'high', 'authority-added', 'is new: whom it vouches for can be trusted', 'are new: whom they vouch for can be trusted', [next.heading(item)])
  for (const item of authorities.removed) draft('authority', old.nameOf(item), 'medium', 'authority-removed', 'is gone', 'are gone', [old.heading(item)])
  for (const [one, other] of authorities.both) {
    if (one.cert_digest !== other.cert_digest) draft('authority', next.nameOf(other), 'high', 'authority-changed', 'is another certificate', 'are other certificates', [old.heading(one), next.heading(other)])
  }
  const subject = (side: Comparison['old'], id: string): string => {
    const found = side.config.certificates.find(certificate => certificate.id === id)
    return found === undefined ? 'none' : side.nameOf(found)
  }
  const names = new Set([...old.config.snis, ...next.config.snis].map(({ name }) => name))
  for (const name of names) {
    const [was, is] = [old.config.snis.find(sni => sni.name === name), next.config.snis.find(sni => sni.name === name)]
    const [from, to] = [was === undefined ? 'the default' : subject(old, was.certificate), is === undefined ? 'the default' : subject(next, is.certificate)]
    if (from !== to) draft('gateway', '', 'medium', 'sni-changed', `server name ${name} gets another certificate: ${from} → ${to}`, '', [...was === undefined ? [] : [old.place(was.pointer)], ...is === undefined ? [] : [next.place(is.pointer)]])
  }
  return drafts
}
