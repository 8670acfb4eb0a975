import type { FastifyInstance } from 'fastify'
import type { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'
import type { Context } from './context.ts'
import type { PluginEntry, Route } from '../config/model.ts'
import type { Router } from '../router/types.ts'
import type { UpstreamTls } from '../tls/upstream-tls.ts'
import type { NameServer } from '../upstream/dns/name-server.ts'

/** Whom a connection is made to: a service, an identity provider, or a server that decides about requests. */
export type Purpose = 'upstream' | 'provider' | 'authoriser'

/** Where a connection goes. */
export interface Reached {
  readonly protocol: 'http' | 'https'
  /** Without brackets. */
  readonly host: string
  readonly port: number
  /** HTTP/2 is spoken there without TLS. */
  readonly http2: boolean
}

/** Phases in which hooks of plugins run. */
export type ObservedPhase = 'onRequest' | 'preParsing' | 'preHandler' | 'onSend' | 'onResponse'

export type ObservedHook = (this: FastifyInstance, ...args: unknown[]) => unknown

/**
 * Stands in the place of everything outside of this process while a configuration is tried (see src/lab): nothing
 * leaves it then. Where a gateway has none, it reaches what is there.
 *
 * With one, what goes to Redis is kept in this process, records of log plugins are thrown away, files that would be
 * written are not, certificates are not ordered, and targets are not checked.
 */
export interface Outside {
  /** Makes undici's connections to providers. */
  connector (purpose: Purpose): buildConnector.connector
  /** A connection of TCP to a service or an authoriser, which is being made: TLS is spoken over it, where the file says so. */
  dial (purpose: Purpose, to: Reached): Socket
  /** What is trusted there in the place of the authorities of the file, or of Node. */
  trusts (tls: UpstreamTls): UpstreamTls
  readonly names: NameServer
  /** Compiled once for a configuration that is tried again and again. */
  router (routes: readonly Route[]): Router
  /** Stands in the place of lists of revoked certificates, where the file names one. */
  revokes (certificate: X509Certificate): boolean
  /** How far the time of breakers and of targets' health is ahead of the monotonic clock, in milliseconds. */
  shift (): number
  /** Told of a client's connection before anything is read from it. */
  connected (socket: Socket): void
  /** What is called in the place of a hook, with the same arguments. */
  observe (entry: PluginEntry, phase: ObservedPhase, run: ObservedHook): ObservedHook
  /** Told of a plugin that could not be set up: each is when the first request of its routes comes. */
  failed (context: Context, error: unknown): void
}
