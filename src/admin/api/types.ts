/**
 * What the admin listener answers: the types of its documents, for those who ask it (the dashboard, `plan`).
 *
 * The schemas beside are the one source: these types, the OpenAPI document and the tests are made from them.
 */
import type { Static } from 'typebox'
import type * as common from './schemas/common.ts'
import type * as entities from './schemas/entities.ts'
import type * as limits from './schemas/limits.ts'
import type * as running from './schemas/running.ts'
import type * as traffic from './schemas/traffic.ts'

/** Nobody changes an answer. */
type Frozen<T> = T extends ReadonlyArray<infer Item> ? ReadonlyArray<Frozen<Item>> : T extends object ? { readonly [Key in keyof T]: Frozen<T[Key]> } : T

/** Kong's shape of a list; there is one page. */
export interface List<Item> {
  readonly data: readonly Item[]
  readonly next: null
}

/** Of every answer that is no 2xx. */
export type Failure = Frozen<Static<typeof common.Failure>>
export type Finding = Frozen<Static<typeof common.Finding>>
export type Place = Frozen<Static<typeof common.Place>>
export type Reference = Frozen<Static<typeof common.Reference>>

/** GET /services: a list; GET /services/{name or id}: one. */
export type ServiceView = Frozen<Static<typeof entities.ServiceView>>
/** GET /routes: a list. */
export type RouteView = Frozen<Static<typeof entities.RouteView>>
/** GET /routes/{name or id}. */
export type RouteDetails = Frozen<Static<typeof entities.RouteDetails>>
export type ChainItemView = Frozen<Static<typeof entities.ChainItemView>>
/** GET /plugins: a list. */
export type PluginView = Frozen<Static<typeof entities.PluginView>>
/** GET /consumers: a list. */
export type ConsumerView = Frozen<Static<typeof entities.ConsumerView>>
/** GET /upstreams: a list. */
export type UpstreamView = Frozen<Static<typeof entities.UpstreamView>>
/** GET /upstreams/{name or id}/targets: a list. */
export type TargetView = Frozen<Static<typeof entities.TargetView>>
/** GET /upstreams/{name or id}/health: a list. */
export type TargetHealthView = Frozen<Static<typeof entities.TargetHealthView>>
/** GET /certificates, GET /ca_certificates: lists. */
export type CertificateView = Frozen<Static<typeof entities.CertificateView>>

/** GET /config?snapshot=: without, the one that runs. */
export type ComparableView = Frozen<Static<typeof running.ComparableView>>
export type ConfigView = Frozen<Static<typeof running.ConfigView>>
/** GET /config/source?snapshot=. */
export type SourceView = Frozen<Static<typeof running.SourceView>>
/** GET /snapshots: a list, newest first. */
export type SnapshotView = Frozen<Static<typeof running.SnapshotView>>
/** POST /rollback. */
export type RollbackOrder = Frozen<Static<typeof running.RollbackOrder>>
/** POST /reload. */
export type ReloadOrder = Frozen<Static<typeof running.ReloadOrder>>
/** Of POST /rollback and POST /reload; 200 where `ok`, else 409. */
export type ReloadResult = Frozen<Static<typeof running.ReloadResult>>
/** POST /explain. */
export type ExplainOrder = Frozen<Static<typeof running.ExplainOrder>>

/** GET /limits: a list. */
export type LimitView = Frozen<Static<typeof limits.LimitView>>
/** POST /limits/look-up, POST /limits/reset. */
export type LimitQuestion = Frozen<Static<typeof limits.LimitQuestion>>
/** Of POST /limits/look-up. */
export type LimitCount = Frozen<Static<typeof limits.LimitCount>>
/** Of POST /limits/reset. */
export type LimitReset = Frozen<Static<typeof limits.LimitReset>>

/** GET /traffic?route=. */
export type TrafficView = Frozen<Static<typeof traffic.TrafficView>>
export type SeriesView = Frozen<Static<typeof traffic.SeriesView>>
export type RouteTraffic = Frozen<Static<typeof traffic.RouteTraffic>>
/** GET /requests?route=&status=&end=&consumer=&size=: a list, newest first. `status` is a number or `4xx`. */
export type RequestView = Frozen<Static<typeof traffic.RequestView>>
/** GET /requests/{id}. */
export type RequestDetails = Frozen<Static<typeof traffic.RequestDetails>>
export type TimelineView = Frozen<Static<typeof traffic.TimelineView>>

/** GET /status. */
export type { GatewayStatus } from '../../gateway/control/status.ts'
