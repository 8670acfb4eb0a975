import type { JSX } from 'preact'
import type { RequestDetails } from '../../admin/api/types.ts'
import type { Explanation } from '../../explain/types.ts'
import { bytes, duration, plural, time } from '../lib/format.ts'
import { href } from '../lib/location.ts'
import { endpoint } from '../lib/paths.ts'
import { useResource } from '../lib/resource.ts'
import { End, Fact, Facts, reasonText, Status } from '../parts/marks.tsx'
import { Empty, Loaded } from '../parts/states.tsx'
import { Explained } from '../parts/explained.tsx'
import { Timeline } from '../parts/timeline.tsx'

export function OneRequest ({ id }: { readonly id: string }): JSX.Element {
  const request = useResource<RequestDetails>(endpoint('requests', id))
  return (
    <>
      <p class='crumb'><a href={href(['requests'])}>Requests</a></p>
      <h1 tabIndex={-1} class='mono'>{id}</h1>
      <Loaded of={request} what='the request'>{data => (
        <>
          <p class='lead mono wrap'>{data.method} {data.url}</p>
          <section><h2>What became of it</h2><Outcome request={data} /></section>
          <section><h2>Where the time went</h2><Timeline request={data} /></section>
          {data.timeline?.explanation == null ? null : <Explained title='What explain says of it' answer={data.timeline.explanation as Explanation} />}
        </>
      )}
      </Loaded>
      {request.error?.status === 404 ? <Empty title='The gateway keeps the last few hundred requests.'>This one is no longer among them; its line is in the access log.</Empty> : null}
    </>
  )
}

function Outcome ({ request }: { readonly request: RequestDetails }): JSX.Element {
  const { route, consumer, upstream, upstream_status: upstreamStatus, error, plugin } = request
  const failed = request.tries - (upstreamStatus === null ? 0 : 1)
  return (
    <Facts>
      <Fact name='Answer'><Status code={request.status} /> <End code={request.end} /> <span class='faint'>{reasonText(request.end)}</span></Fact>
      {error === null ? null : <Fact name='Error'><code>{error}</code>{request.reason === null ? null : <span class='faint'> {request.reason}</span>}</Fact>}
      {plugin === null ? null : <Fact name='Ended by'><code>{plugin}</code></Fact>}
      <Fact name='Began'><span class='num'>{time(request.at)}</span></Fact>
      <Fact name='Client'><code>{request.client_ip}</code></Fact>
      <Fact name='Route'>{route === null ? <>none matched <a href={href(['explain'], { method: request.method, url: request.url })}>explain</a></> : <a class='mono' href={href(['routes', route])}>{route}</a>}</Fact>
      <Fact name='Consumer'>{consumer === null ? <span class='faint'>nobody known</span> : <code>{consumer}</code>}</Fact>
      <Fact name='Upstream'>{upstream === null ? <span class='faint'>not asked</span> : <><code>{upstream}</code> {upstreamStatus === null ? <span class='faint'>no answer</span> : <Status code={upstreamStatus} />}{failed > 0 ? <span class='faint'>{upstreamStatus === null ? ` ${plural(failed, 'attempt')} failed` : ` after ${plural(failed, 'attempt')} that failed`}</span> : null}</>}</Fact>
      <Fact name='Took'><span class='num'>{duration(request.latencies.total)} <span class='faint'>gateway {duration(request.latencies.gateway)}, upstream {duration(request.latencies.upstream)}</span></span></Fact>
      <Fact name='Bytes'><span class='num'>{bytes(request.request_bytes)} in, {bytes(request.response_bytes)} out</span></Fact>
      <Fact name='Snapshot'><span class='num'>{request.snapshot}</span></Fact>
    </Facts>
  )
}
