import type { JSX } from 'preact'
import type { List, RequestView } from '../../admin/api/types.ts'
import { withQuery } from '../lib/api.ts'
import { narrow, usePlace } from '../lib/location.ts'
import { MANY, OFTEN } from '../lib/paths.ts'
import { useResource } from '../lib/resource.ts'
import { RequestsTable } from '../parts/requests-table.tsx'
import { Empty, Loaded } from '../parts/states.tsx'
import { Ends } from './route.tsx'

const STATUSES = ['2xx', '3xx', '4xx', '5xx']

export function Requests (): JSX.Element {
  const { status, route, consumer, end } = usePlace().query
  const requests = useResource<List<RequestView>>(withQuery('/requests', { status, route, consumer, size: MANY }), OFTEN)
  const narrowed = [route === undefined ? '' : `route ${route}`, consumer === undefined ? '' : `consumer ${consumer}`].filter(text => text !== '').join(', ')
  return (
    <>
      <h1 tabIndex={-1}>Requests</h1>
      <p class='lead'>The last few hundred that ended, newest first{narrowed === '' ? '' : `: ${narrowed}`}. Secrets are cut. {narrowed === '' ? null : <button type='button' class='link' onClick={() => { narrow({ route: undefined, consumer: undefined }) }}>Show all</button>}</p>
      <Loaded of={requests} what='the requests'>{({ data }) => (
        <>
          <section><h2>Ends, by reason</h2><Ends requests={data} chosen={end} /></section>
          <RequestsTable
            label='Requests' searched rows={end === undefined ? data : data.filter(each => each.end === end)}
            empty={<Empty title='No such request is known.'>Send one through a listener: it shows here within 5 s.</Empty>}
            tools={<StatusChoice status={status} />}
          />
        </>
      )}
      </Loaded>
    </>
  )
}

function StatusChoice ({ status = '' }: { readonly status: string | undefined }): JSX.Element {
  return (
    <label class='inline'>Status{' '}
      <select value={status} onChange={event => { narrow({ status: event.currentTarget.value }) }}>
        <option value=''>any</option>
        {STATUSES.map(each => <option key={each} value={each}>{each}</option>)}
      </select>
    </label>
  )
}
