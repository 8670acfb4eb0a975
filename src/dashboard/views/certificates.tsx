import type { JSX } from 'preact'
import type { CertificateView, List } from '../../admin/api/types.ts'
import { date, plural } from '../lib/format.ts'
import { SELDOM } from '../lib/paths.ts'
import { useResource } from '../lib/resource.ts'
import { Mark, PlaceLink } from '../parts/marks.tsx'
import { Empty, Loaded } from '../parts/states.tsx'
import { Table, type Column } from '../parts/table.tsx'

function Left ({ days }: { readonly days: number }): JSX.Element {
  if (days < 0) return <Mark tone='bad'>ended</Mark>
  return <Mark tone={days < 7 ? 'bad' : days < 30 ? 'warn' : 'good'}>{plural(days, 'day')}</Mark>
}

const COLUMNS: ReadonlyArray<Column<CertificateView>> = [
  { key: 'names', head: 'Names', grow: true, by: row => row.snis[0] ?? row.subject, cell: row => <span class='mono' title={row.subject_alternative_names.join(', ')}>{row.snis.length === 0 ? row.name ?? row.subject : row.snis.join(' ')}</span> },
  { key: 'left', head: 'Left', by: row => row.days_left, cell: row => <Left days={row.days_left} /> },
  { key: 'end', head: 'Ends', by: row => row.not_after, cell: row => <span class='num' title={row.not_after}>{date(row.not_after)}</span> },
  { key: 'subject', head: 'Subject', from: 'wide', by: row => row.subject, cell: row => <span title={row.subject}>{row.subject}</span> },
  { key: 'issuer', head: 'Issuer', from: 'medium', by: row => row.issuer, cell: row => <span title={row.issuer}>{row.issuer === row.subject ? 'itself' : row.issuer}</span> },
  { key: 'fingerprint', head: 'SHA-256', from: 'wide', cell: row => <span class='mono' title={row.fingerprint_sha256}>{row.fingerprint_sha256.slice(0, 16)}…</span> },
  { key: 'place', head: 'Place', from: 'medium', by: row => row.place.line, cell: row => <PlaceLink place={row.place} /> }
]

export function Certificates (): JSX.Element {
  const certificates = useResource<List<CertificateView>>('/certificates', SELDOM)
  const authorities = useResource<List<CertificateView>>('/ca_certificates', SELDOM)
  return (
    <>
      <h1 tabIndex={-1}>Certificates</h1>
      <Loaded of={certificates} what='the certificates'>{({ data }) => (
        <Table label='Certificates' order='left' rows={data} columns={COLUMNS} id={row => row.id} text={textOf} empty={<Empty title='The file has no certificates.'>Listeners with TLS need one: <code>certificates:</code> with <code>cert</code>, <code>key</code> and <code>snis</code>, or the plugin <code>acme</code>, which gets them by itself.</Empty>} />
      )}
      </Loaded>
      <section>
        <h2>Authorities for client certificates</h2>
        <Loaded of={authorities} what='the authorities'>{({ data }) => <Table label='Authorities' scope='ca' order='left' rows={data} columns={COLUMNS} id={row => row.id} empty={<Empty title='None.'>They are needed where clients show certificates: <code>ca_certificates:</code> with the plugin <code>mtls-auth</code>.</Empty>} />}</Loaded>
      </section>
    </>
  )
}

function textOf (row: CertificateView): string {
  return `${row.snis.join(' ')} ${row.subject} ${row.issuer} ${row.subject_alternative_names.join(' ')} ${row.fingerprint_sha256} ${row.serial_number}`.toLowerCase()
}
