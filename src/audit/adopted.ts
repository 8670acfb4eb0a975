import type { AuditSeverity } from './rule.ts'

/** What `check` says is known, with how bad it is. Its cause, place and mend are told as check tells them; no rule of ours looks for the same. */
export const adoptedRules: Readonly<Record<string, { readonly severity: AuditSeverity, readonly why: string }>> = {
  'public-route-swallows': { severity: 'critical', why: 'What one route protects is reached through the other.' },
  'bypassed-plugin': { severity: 'high', why: 'What protects the service doesn\'t run for these requests.' },
  'certificate-expires': { severity: 'high', why: 'On that day no client gets through any more.' },
  'exempts-everybody': { severity: 'high', why: 'The limits look like some, and count nobody.' },
  'literal-secret': { severity: 'high', why: 'Whoever reads the file, a copy of it or its history can use it.' },
  'plain-http-upstream': { severity: 'high', why: 'Whoever is on the way reads and changes requests and answers.' },
  'short-secret': { severity: 'high', why: 'Whoever sees one token can try secrets until one fits, and then makes tokens that pass.' },
  'write-without-auth': { severity: 'high', why: 'Anybody can change what stands behind this route.' },
  'divided-limit': { severity: 'medium', why: 'What a client may do depends on which process it reaches.' },
  'prefix-boundary': { severity: 'medium', why: 'Requests that look like another route\'s are taken with other protections.' },
  'regex-open-end': { severity: 'medium', why: 'Paths that the regex doesn\'t show reach the service, too.' },
  'regex-undecided': { severity: 'medium', why: 'If some text takes it for ever, one request stops the gateway.' },
  'uncounted-limit': { severity: 'medium', why: 'A limit that somebody relies on isn\'t there.' },
  'unused-credentials': { severity: 'low', why: 'Keys that nothing asks for may be meant to protect something.' },
  'certificate-chain': { severity: 'low', why: 'Some clients refuse the certificate, and people turn verification off.' }
}
