import type { JSX } from 'preact'
import type { ConsumerView, List } from '../../admin/api/types.ts'
import { plural } from '../lib/format.ts'
import { href } from '../lib/location.ts'
import { WITH_THE_FILE } from '../lib/paths.ts'
import { useResource } from '../lib/resource.ts'
import { PlaceLink } from '../parts/marks.tsx'
import { Empty, Loaded } from '../parts/states.tsx'
import { Table, type Column } from '../parts/table.tsx'

/** Kong's names of the collections, in words. */
const KINDS: Readonly<Record<string, string>> = {
  keyauth_credentials: 'API key',
  jwt_secrets: 'JWT secret',
  basicauth_credentials: 'password',
  hmacauth_credentials: 'HMAC secret',
  oauth2_credentials: 'OAuth client',
  mtls_auth_credentials: 'certificate'
}

function credentials ({ credentials: kinds }: ConsumerView): string {
  return Object.entries(kinds).filter(([, times]) => times > 0).map(([kind, times]) => plural(times, KINDS[kind] ?? kind)).join(', ')
}

const COLUMNS: ReadonlyArray<Column<ConsumerView>> = [
  { key: 'name', head: 'Consumer', by: row => row.username ?? row.custom_id ?? row.id, cell: row => <a class='mono' href={href(['requests'], { consumer: row.username ?? row.custom_id ?? row.id })}>{row.username ?? row.custom_id ?? row.id}</a> },
  { key: 'custom_id', head: 'Custom id', from: 'medium', by: row => row.custom_id ?? '', cell: row => row.custom_id === null ? <span class='faint'>–</span> : <span class='mono'>{row.custom_id}</span> },
  { key: 'groups', head: 'Groups', by: row => row.groups.join(' '), cell: row => row.groups.length === 0 ? <span class='faint'>–</span> : <span class='mono'>{row.groups.join(' ')}</span> },
  { key: 'acls', head: 'ACL groups', from: 'medium', by: row => row.acls.join(' '), cell: row => row.acls.length === 0 ? <span class='faint'>–</span> : <span class='mono'>{row.acls.join(' ')}</span> },
  { key: 'credentials', head: 'Credentials', grow: true, by: credentials, cell: row => credentials(row) || <span class='faint'>none: it can't authenticate</span> },
  { key: 'tags', head: 'Tags', from: 'wide', by: row => row.tags.join(' '), cell: row => <span class='mono'>{row.tags.join(' ')}</span> },
  { key: 'place', head: 'Place', from: 'medium', by: row => row.place.line, cell: row => <PlaceLink place={row.place} /> }
]

export function Consumers (): JSX.Element {
  const consumers = useResource<List<ConsumerView>>('/consumers', WITH_THE_FILE)
  return (
    <>
      <h1 tabIndex={-1}>Consumers</h1>
      <Loaded of={consumers} what='the consumers'>{({ data }) => (
        <Table
          label='Consumers' rows={data} columns={COLUMNS} id={row => row.id} search='Name, id, group, tag…'
          text={row => `${row.username ?? ''} ${row.custom_id ?? ''} ${row.groups.join(' ')} ${row.acls.join(' ')} ${row.tags.join(' ')} ${credentials(row)}`.toLowerCase()}
          empty={<Empty title='The file has no consumers.'>A consumer is who calls: <code>consumers:</code> with a <code>username</code> and credentials. <code>sallyport keys create</code> makes an API key for one. Callers that prove themselves with tokens of an identity provider need none.</Empty>}
        />
      )}
      </Loaded>
    </>
  )
}
