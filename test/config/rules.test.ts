import t from 'tap'
import { loaderRules } from '../../src/config/loader-rules.ts'
import { fixture, loadText, placeOf, unmark } from '../helpers/marked-yaml.ts'
import { definePlugin } from '../../src/plugin.ts'

/** One mistake: the text, with the place that the message must name between « and », and the message. */
interface Case {
  readonly yaml: string
  readonly rule: string
  readonly cause: string
  readonly mend?: RegExp
  readonly path?: string
  readonly severity?: 'warning'
}

const HEAD = '_format_version: "3.0"\n'

function service (fields: string): string {
  return `${HEAD}services:\n- name: users\n  host: users.internal\n${fields.split('\n').map(line => `  ${line}`).join('\n')}\n`
}

function route (fields: string): string {
  return `${HEAD}routes:\n- name: list\n${fields.split('\n').map(line => `  ${line}`).join('\n')}\n`
}

function paths (path: string): string {
  return route(`paths: ['/ok', ${path}]`)
}

function plugin (config: string): string {
  return `${HEAD}plugins: [{name: fixture, config: {${config}}}]\n`
}

function gateway (fields: string): string {
  return `${HEAD}gateway: {${fields}}\n`
}

function upstream (fields: string): string {
  return `${HEAD}services: [{name: s, host: users, routes: [{paths: [/]}]}]\nupstreams: [{name: users, targets: [{target: 10.0.0.1}], ${fields}}]\n`
}

function target (fields: string): string {
  return `${HEAD}services: [{name: s, host: users, routes: [{paths: [/]}]}]\nupstreams: [{name: users, targets: [{${fields}}]}]\n`
}

const cases: Readonly<Record<string, readonly Case[]>> = {
  'types, in Kong\'s words': [
    { yaml: service('name2: x').replace('name2: x', 'path: «5»'), rule: 'wrong-type', cause: 'expected a string', mend: /^Put quotes around it: "5"\.$/, path: 'services[users].path' },
    { yaml: service('path: «0x1F»'), rule: 'wrong-type', cause: 'expected a string', mend: /"0x1F"/ },
    { yaml: service('port: «"80"»'), rule: 'wrong-type', cause: 'expected an integer', mend: /^Remove the quotes: 80\.$/ },
    { yaml: service('port: «1.5»'), rule: 'wrong-type', cause: 'expected an integer', mend: /^Write an integer\.$/ },
    { yaml: service('connect_timeout: «5s»'), rule: 'wrong-type', cause: 'expected an integer', mend: /^Write 5000 \(milliseconds\)\.$/ },
    { yaml: service('connect_timeout: «1m30s»'), rule: 'wrong-type', cause: 'expected an integer', mend: /^Write 90000 \(milliseconds\)\.$/ },
    { yaml: service('read_timeout: «"250 ms"»'), rule: 'wrong-type', cause: 'expected an integer', mend: /^Write 250 \(milliseconds\)\.$/ },
    { yaml: service('read_timeout: «0s»'), rule: 'wrong-type', cause: 'expected an integer', mend: /^Write an integer \(milliseconds\)\.$/ },
    { yaml: service('read_timeout: «0.5ms»'), rule: 'wrong-type', cause: 'expected an integer', mend: /^Write an integer \(milliseconds\)\.$/ },
    { yaml: service('read_timeout: «long»'), rule: 'wrong-type', cause: 'expected an integer', mend: /^Write an integer \(milliseconds\)\.$/ },
    { yaml: service('read_timeout: «9999d»'), rule: 'wrong-type', cause: 'expected an integer', mend: /^Write an integer \(milliseconds\)\.$/ },
    { yaml: service('read_timeout: «5MB»'), rule: 'wrong-type', cause: 'expected an integer', mend: /^Write an integer \(milliseconds\)\.$/ },
    { yaml: gateway('limits: {request_buffer: «16MB»}'), rule: 'wrong-type', cause: 'expected an integer', mend: /^Write 16777216 \(bytes\)\.$/ },
    { yaml: gateway('limits: {header_block: «8k»}'), rule: 'wrong-type', cause: 'expected an integer', mend: /^Write 8192 \(bytes\)\.$/ },
    { yaml: gateway('overload: {retry_after: «1h»}'), rule: 'wrong-type', cause: 'expected an integer', mend: /^Write 3600 \(seconds\)\.$/ },
    { yaml: service('enabled: «yes»'), rule: 'wrong-type', cause: 'expected a boolean', mend: /true or false, without quotes/ },
    { yaml: service('enabled: «3»'), rule: 'wrong-type', cause: 'expected a boolean' },
    { yaml: service('tags: «a»'), rule: 'wrong-type', cause: 'expected a set', mend: /\[a\]/ },
    { yaml: service('tags: «{a: b}»'), rule: 'wrong-type', cause: 'expected a set', mend: /Write a list/ },
    { yaml: `${HEAD}services: «x»\n`, rule: 'wrong-type', cause: 'expected an array' },
    { yaml: `${HEAD}services: [«x»]\n`, rule: 'wrong-type', cause: 'expected a record' },
    { yaml: route('paths: «/x»'), rule: 'wrong-type', cause: 'expected an array', mend: /\[\/x\]/ },
    { yaml: route('headers: «x»'), rule: 'wrong-type', cause: 'expected a map' },
    { yaml: route('headers: {a: «x»}'), rule: 'wrong-type', cause: 'expected an array' },
    { yaml: route('paths: [«null»]'), rule: 'wrong-type', cause: 'expected a string' },
    { yaml: '«- a»\n', rule: 'wrong-type', cause: 'expected an object' },
    { yaml: '_format_version: «3.0»\n', rule: 'wrong-type', cause: 'expected a string', mend: /_format_version: "3\.0"/, path: '_format_version' },
    { yaml: gateway('workers: «many»'), rule: 'wrong-type', cause: 'expected an integer or \'auto\'' },
    { yaml: gateway('admin: «7»'), rule: 'wrong-type', cause: 'expected a record or \'off\' or \'false\'' },
    { yaml: gateway('log: {redact: [«1»]}'), rule: 'wrong-type', cause: 'expected a string' }
  ],
  'what must be there': [
    { yaml: '«services: []»\n', rule: 'required', cause: 'required field missing: \'_format_version\'', mend: /"3\.0"/, path: '' },
    { yaml: '«_format_version»:\n', rule: 'required', cause: 'required field missing: \'_format_version\'' },
    { yaml: `${HEAD}services:\n- «name: x»\n`, rule: 'required', cause: 'required field missing: \'host\'', mend: /`url`/, path: 'services[x]' },
    { yaml: `${HEAD}services:\n- name: x\n  «host»:\n`, rule: 'required', cause: 'required field missing: \'host\'', path: 'services[x].host' },
    { yaml: `${HEAD}plugins:\n- «config: {}»\n`, rule: 'required', cause: 'required field missing: \'name\'', path: 'plugins[0]' },
    { yaml: `${HEAD}plugins:\n- name: «~»\n`, rule: 'required', cause: 'required field missing: \'name\'' },
    { yaml: gateway('listen: [«{host: ::1}»]'), rule: 'required', cause: 'required field missing: \'port\'' },
    { yaml: `${HEAD}consumers: [«{tags: [a]}»]\n`, rule: 'required', cause: 'at least one of these fields must be non-empty: \'username\', \'custom_id\'' },
    { yaml: route('«strip_path: true»').replace('- name: list\n  «', '- «name: list\n  '), rule: 'required', cause: 'must set one of \'methods\', \'hosts\', \'headers\', \'paths\', \'snis\' when \'protocols\' is \'https\'' },
    { yaml: route('protocols: [http]»').replace('- name', '- «name'), rule: 'required', cause: 'must set one of \'methods\', \'hosts\', \'headers\', \'paths\' when \'protocols\' is \'http\'' },
    { yaml: route('hosts: []\nheaders: {}»').replace('- name', '- «name'), rule: 'required', cause: 'must set one of \'methods\', \'hosts\', \'headers\', \'paths\', \'snis\' when \'protocols\' is \'https\'' }
  ],
  'unknown keys, with the nearest name': [
    { yaml: `${HEAD}«servces»: []\n`, rule: 'unknown-key', cause: 'unknown field \'servces\'', mend: /^Did you mean 'services'\?$/, path: 'servces' },
    { yaml: service('«connect_timout»: 5'), rule: 'unknown-key', cause: 'unknown field \'connect_timout\'', mend: /'connect_timeout'/, path: 'services[users].connect_timout' },
    { yaml: service('«zzzzzzzzzzzz»: 5'), rule: 'unknown-key', cause: 'unknown field \'zzzzzzzzzzzz\'', mend: /known here: .*connect_timeout/ },
    { yaml: service('«hosts»: [x]'), rule: 'unknown-key', cause: 'unknown field \'hosts\'', mend: /^Did you mean 'host'\? `hosts` is a field of routes\.$/ },
    { yaml: service('«strip_path»: true'), rule: 'unknown-key', cause: 'unknown field \'strip_path\'', mend: /^`strip_path` is a field of routes\.$/ },
    { yaml: `${HEAD}«listen»: []\n`, rule: 'unknown-key', cause: 'unknown field \'listen\'', mend: /^`listen` belongs into the block `gateway`\.$/ },
    { yaml: `${HEAD}plugins: [{name: fixture, «count»: 5}]\n`, rule: 'unknown-key', cause: 'unknown field \'count\'', mend: /^Options of the plugin belong into `config`\.$/ },
    { yaml: service('«constructor»: 5'), rule: 'unknown-key', cause: 'unknown field \'constructor\'' },
    { yaml: service('routes: [{paths: [/], «strip_pth»: true}]'), rule: 'unknown-key', cause: 'unknown field \'strip_pth\'', path: 'services[users].routes[0].strip_pth' },
    { yaml: gateway('limits: {«header_blok»: 1}'), rule: 'unknown-key', cause: 'unknown field \'header_blok\'', mend: /'header_block'/ },
    { yaml: gateway('admin: {«prt»: 1}'), rule: 'unknown-key', cause: 'unknown field \'prt\'', mend: /'port'/ },
    { yaml: route('paths: [/]\nservice: {«nam»: x}'), rule: 'unknown-key', cause: 'unknown field \'nam\'', mend: /'name'/ },
    { yaml: plugin('«txt»: 1'), rule: 'unknown-key', cause: 'unknown field \'txt\'', mend: /'text'/, path: 'plugins[fixture].config.txt' },
    { yaml: plugin('nested: {deep: x, «dep»: 1}'), rule: 'unknown-key', cause: 'unknown field \'dep\'', path: 'plugins[fixture].config.nested.dep' }
  ],
  'ranges, lengths and choices': [
    { yaml: service('port: «70000»'), rule: 'out-of-range', cause: 'value should be between 0 and 65535' },
    { yaml: service('port: «-1»'), rule: 'out-of-range', cause: 'value should be between 0 and 65535' },
    { yaml: service('retries: «32768»'), rule: 'out-of-range', cause: 'value should be between 0 and 32767' },
    { yaml: service('read_timeout: «0»'), rule: 'out-of-range', cause: 'value should be between 1 and 2147483646' },
    { yaml: service('connect_timeout: «2147483647»'), rule: 'out-of-range', cause: 'value should be between 1 and 2147483646' },
    { yaml: plugin('count: «0»'), rule: 'out-of-range', cause: 'value must be at least 1' },
    { yaml: `${HEAD}services: [{name: «""», host: x}]\n`, rule: 'too-short', cause: 'length must be at least 1' },
    { yaml: service('path: «""»'), rule: 'too-short', cause: 'length must be at least 1' },
    { yaml: route('paths: [/]\nprotocols: «[]»'), rule: 'too-short', cause: 'length must be at least 1' },
    { yaml: `${HEAD}consumers: [{username: «""»}]\n`, rule: 'too-short', cause: 'length must be at least 1' },
    { yaml: service('protocol: «htp»'), rule: 'not-one-of', cause: 'expected one of: http, https', mend: /'http'/ },
    { yaml: route('paths: [/]\npath_handling: «v2»'), rule: 'not-one-of', cause: 'expected one of: v0, v1' },
    { yaml: route('paths: [/]\nhttps_redirect_status_code: «303»'), rule: 'not-one-of', cause: 'expected one of: 426, 301, 302, 307, 308', mend: /Write one of these/ },
    { yaml: '_format_version: «"4.0"»\n', rule: 'not-one-of', cause: 'expected one of: 3.0' },
    { yaml: plugin('mode: «strikt»'), rule: 'not-one-of', cause: 'expected one of: loose, strict', mend: /'strict'/ },
    { yaml: plugin('either: «1.5»'), rule: 'wrong-type', cause: 'expected an integer or \'auto\'' }
  ],
  'names, tags, ids, methods': [
    { yaml: `${HEAD}services: [{name: «a b», host: x}]\n`, rule: 'bad-name', cause: 'invalid name: \'a b\'' },
    { yaml: `${HEAD}plugins: [{name: fixture, instance_name: «a/b»}]\n`, rule: 'bad-name', cause: 'invalid name: \'a/b\'' },
    { yaml: service('tags: [ok, «"a,b"»]'), rule: 'bad-tag', cause: 'invalid tag: \'a,b\'' },
    { yaml: service('id: «x»'), rule: 'bad-format', cause: 'expected a valid UUID' },
    { yaml: route('methods: [GET, «get»]'), rule: 'bad-method', cause: 'invalid method: \'get\'', mend: /capitals: GET/ },
    { yaml: route('methods: [«M-SEARCH»]'), rule: 'bad-method', cause: 'invalid method: \'M-SEARCH\'' }
  ],
  'services: host, path, url': [
    { yaml: service('path: «v1»'), rule: 'bad-path', cause: 'should start with: /' },
    { yaml: service('path: «/a//b»'), rule: 'bad-path', cause: 'must not have empty segments' },
    { yaml: service('path: «/a%2»'), rule: 'bad-path', cause: 'a % must be followed by two hex digits' },
    { yaml: service('path: «/a?b=1»'), rule: 'bad-path', cause: 'a path has neither query nor fragment' },
    { yaml: service('path: «/ü»'), rule: 'bad-path', cause: 'a path has only the characters of RFC 3986', mend: /%C3%BC/ },
    { yaml: `${HEAD}services: [{host: «x:80»}]\n`, rule: 'bad-host', cause: 'a port can\'t be part of the host here', mend: /: x$/ },
    { yaml: `${HEAD}services: [{host: «http://x/y»}]\n`, rule: 'bad-host', cause: 'a host holds neither scheme nor path', mend: /: x$/ },
    { yaml: `${HEAD}services: [{host: «1.2.3.999»}]\n`, rule: 'bad-host', cause: 'this is no IPv4 address' },
    { yaml: `${HEAD}services: [{host: «"[::x]"»}]\n`, rule: 'bad-host', cause: 'this is no IPv6 address' },
    { yaml: `${HEAD}services: [{host: «müller.de»}]\n`, rule: 'bad-host', cause: 'a host name has only ASCII letters' },
    { yaml: `${HEAD}services: [{host: «a b»}]\n`, rule: 'bad-host', cause: 'this is no host name' },
    { yaml: `${HEAD}services: [{host: «a..b»}]\n`, rule: 'bad-host', cause: 'a host name has no empty part' },
    { yaml: `${HEAD}services: [{host: «"*.b"»}]\n`, rule: 'bad-host', cause: 'a wildcard can\'t stand here' },
    { yaml: `${HEAD}services: [{url: «ftp://x»}]\n`, rule: 'bad-url', cause: 'a service url starts with http:// or https://' },
    { yaml: `${HEAD}services: [{url: «grpc://x»}]\n`, rule: 'not-supported-yet', cause: 'the protocol \'grpc\' is not supported yet' },
    ...['http//x:81/y', 'http:/x:81/y', 'http;//x:81/y', 'http:x:81/y', 'htpp://x:81/y', 'ttp://x:81/y'].map(url => ({ yaml: `${HEAD}services: [{url: «"${url}"»}]\n`, rule: 'bad-url', cause: 'a service url starts with http:// or https://', mend: /^Did you mean http:\/\/x:81\/y\?$/ })),
    { yaml: `${HEAD}services: [{url: «htps://x»}]\n`, rule: 'bad-url', cause: 'a service url starts with http:// or https://', mend: /https:\/\/x\?$/ },
    { yaml: `${HEAD}services: [{url: «http://a:b@x»}]\n`, rule: 'bad-url', cause: 'user and password in a service url are not supported' },
    { yaml: `${HEAD}services: [{url: «http:///x»}]\n`, rule: 'bad-url', cause: 'this url has no host' },
    { yaml: `${HEAD}services: [{url: «http://x:99999»}]\n`, rule: 'bad-url', cause: 'value should be between 0 and 65535' },
    { yaml: `${HEAD}services: [{url: «http://x_y-/»}]\n`, rule: 'bad-host', cause: 'this is no host name' },
    { yaml: `${HEAD}services: [{url: «http://x//y»}]\n`, rule: 'bad-path', cause: 'must not have empty segments' },
    { yaml: `${HEAD}services: [{url: «http://x/y?z=1», routes: [{paths: [/]}]}]\n`, rule: 'ignored-part', cause: 'query and fragment of a service url have no effect', severity: 'warning' },
    { yaml: `${HEAD}services: [{url: http://x:81, «port»: 80, routes: [{paths: [/]}]}]\n`, rule: 'ignored-part', cause: '\'port\' has no effect: \'url\' sets it too, and wins', severity: 'warning' },
    { yaml: service('tls_verify: «false»'), rule: 'field-conflict', cause: 'value must be null: failed conditional validation given value of field \'protocol\'' }
  ],
  'gateway.dns': [
    ...['ns.internal', '10.0.0.1:0', '10.0.0.1:70000', '2001:db8::1:x', '[10.0.0.1', '10.0.0.999'].map(server => ({ yaml: gateway(`dns: {servers: [«"${server}"»]}`), rule: 'bad-address', cause: 'expected an IP address, with or without a port' })),
    { yaml: gateway('dns: {timeout: «0»}'), rule: 'out-of-range', cause: 'value should be between 1 and 60000' }
  ],
  'upstreams: name, hashing': [
    { yaml: `${HEAD}upstreams: [{name: «10.0.0.1»}]\n`, rule: 'bad-name', cause: 'Invalid name (\'10.0.0.1\'); no ip addresses allowed', mend: /targets/ },
    { yaml: `${HEAD}upstreams: [{name: «"[::1]:80"»}]\n`, rule: 'bad-name', cause: 'Invalid name (\'[::1]:80\'); no ip addresses allowed' },
    { yaml: `${HEAD}upstreams: [{name: «users:80»}]\n`, rule: 'bad-name', cause: 'Invalid name (\'users:80\'); no port allowed', mend: /^Write users;/ },
    { yaml: `${HEAD}upstreams: [{name: «a b»}]\n`, rule: 'bad-name', cause: 'Invalid name (\'a b\'): this is no host name' },
    { yaml: `${HEAD}upstreams: [«{}»]\n`, rule: 'required', cause: 'required field missing: \'name\'' },
    { yaml: upstream('slots: «9»'), rule: 'out-of-range', cause: 'value should be between 10 and 65536' },
    { yaml: upstream('host_header: «a/b»'), rule: 'bad-host', cause: 'a host holds neither scheme nor path' },
    { yaml: upstream('algorithm: «random»'), rule: 'not-one-of', cause: 'expected one of: round-robin, consistent-hashing, least-connections, latency, sticky-sessions' },
    { yaml: `${HEAD}upstreams: [«{name: users, hash_on: header}»]\n`, rule: 'required', cause: 'required field missing: \'hash_on_header\'', mend: /`hash_on: header` needs it/ },
    { yaml: `${HEAD}upstreams: [«{name: users, hash_on: cookie}»]\n`, rule: 'required', cause: 'required field missing: \'hash_on_cookie\'' },
    { yaml: `${HEAD}upstreams: [«{name: users, hash_on: ip, hash_fallback: query_arg}»]\n`, rule: 'required', cause: 'required field missing: \'hash_fallback_query_arg\'', mend: /`hash_fallback: query_arg` needs it/ },
    { yaml: `${HEAD}upstreams: [«{name: users, hash_on: ip, hash_fallback: cookie}»]\n`, rule: 'required', cause: 'required field missing: \'hash_on_cookie\'', mend: /`hash_fallback: cookie`/ },
    { yaml: `${HEAD}upstreams: [«{name: users, hash_on: uri_capture}»]\n`, rule: 'required', cause: 'required field missing: \'hash_on_uri_capture\'' },
    { yaml: `${HEAD}upstreams: [«{name: users, algorithm: sticky-sessions}»]\n`, rule: 'required', cause: 'required field missing: \'sticky_sessions_cookie\'', mend: /`algorithm: sticky-sessions` needs it/ },
    { yaml: upstream('hash_fallback: «ip»'), rule: 'field-conflict', cause: 'expected one of: none: failed conditional validation given value of field \'hash_on\'', mend: /move it to/ },
    { yaml: upstream('hash_on: cookie, hash_on_cookie: c, hash_fallback: «ip»'), rule: 'field-conflict', cause: 'expected one of: none: failed conditional validation given value of field \'hash_on\'', mend: /gets one/ },
    { yaml: upstream('hash_on: ip, hash_fallback: «ip»'), rule: 'field-conflict', cause: 'values of these fields must be distinct: \'hash_on\', \'hash_fallback\'' },
    { yaml: upstream('hash_on: header, hash_on_header: X-A, hash_fallback: header, hash_fallback_header: «x-a»'), rule: 'field-conflict', cause: 'values of these fields must be distinct: \'hash_on_header\', \'hash_fallback_header\'' },
    { yaml: upstream('hash_on: header, hash_on_header: «a b»'), rule: 'bad-format', cause: 'invalid header name: \'a b\'', mend: /X-Tenant/ },
    { yaml: upstream('hash_on: cookie, hash_on_cookie: c, hash_on_cookie_path: «shop»'), rule: 'bad-format', cause: 'invalid cookie path: \'shop\'' },
    { yaml: upstream('hash_on: ip, algorithm: «round-robin»'), rule: 'hash-algorithm', cause: 'the algorithm becomes \'consistent-hashing\': \'hash_on: ip\' wins', severity: 'warning' },
    { yaml: upstream('hash_on: ip, algorithm: «latency»'), rule: 'hash-algorithm', cause: '\'hash_on\' has no effect: the algorithm \'latency\' wins', severity: 'warning' },
    { yaml: upstream('hash_on: none, algorithm: «consistent-hashing»'), rule: 'hash-algorithm', cause: 'the algorithm becomes \'round-robin\': there is no \'hash_on\' to tell requests apart by', severity: 'warning' },
    { yaml: `${HEAD}upstreams: [{name: users, client_certificate: «x»}]\n`, rule: 'unresolved-reference', cause: 'invalid reference \'certificate: x\' (no such entry in \'certificates\')' }
  ],
  targets: [
    { yaml: target('target: «"x y"»'), rule: 'bad-host', cause: 'Invalid target (\'x y\'); not a valid hostname or ip address' },
    { yaml: target('target: «http://x»'), rule: 'bad-host', cause: 'Invalid target (\'http://x\'); not a valid hostname or ip address', mend: /without scheme/ },
    { yaml: target('target: «x:0»'), rule: 'bad-host', cause: 'Invalid target (\'x:0\'); not a valid hostname or ip address', mend: /1 to 65535/ },
    { yaml: target('target: «1.2.3.400»'), rule: 'bad-host', cause: 'Invalid target (\'1.2.3.400\'); not a valid hostname or ip address' },
    { yaml: target('target: x, weight: «65536»'), rule: 'out-of-range', cause: 'value should be between 0 and 65535' },
    { yaml: target('«weight: 1»').replace('[{«', '[«{').replace('»}]', '}»]'), rule: 'required', cause: 'required field missing: \'target\'' },
    { yaml: target('target: x, upstream: «users»'), rule: 'implied-reference', cause: 'value must be null' },
    { yaml: `${HEAD}targets: [«{target: x}»]\n`, rule: 'required', cause: 'required field missing: \'upstream\'', mend: /inside of its upstream/ },
    { yaml: `${HEAD}targets: [{target: x, upstream: «users»}]\n`, rule: 'unresolved-reference', cause: 'invalid reference \'upstream: users\' (no such entry in \'upstreams\')' }
  ],
  'route paths': [
    { yaml: paths('«users»'), rule: 'bad-path', cause: 'should start with: / (fixed path) or ~/ (regex path)', mend: /^Put a \/ in front\.$/, path: 'routes[list].paths[1]' },
    { yaml: paths('«^users.*»'), rule: 'bad-path', cause: 'should start with: / (fixed path) or ~/ (regex path)', mend: /~\// },
    { yaml: paths('«~users»'), rule: 'bad-regex', cause: 'should start with: / (fixed path) or ~/ (regex path)' },
    { yaml: paths('«/a//b»'), rule: 'bad-path', cause: 'must not have empty segments' },
    { yaml: paths('«~/a//b»'), rule: 'bad-regex', cause: 'must not have empty segments' },
    { yaml: paths('«/a%zz»'), rule: 'bad-path', cause: 'a % must be followed by two hex digits' },
    { yaml: paths('«~/a%zz»'), rule: 'bad-regex', cause: 'a % must be followed by two hex digits' },
    { yaml: paths('«/a?b»'), rule: 'bad-path', cause: 'a path has neither query nor fragment' },
    { yaml: paths('«"/a/{id}"»'), rule: 'bad-path', cause: 'a fixed path has no "{"', mend: /~\/a\/\(\?<id>\[\^\/\]\+\)\$/ },
    { yaml: paths('«/a\\b»'), rule: 'bad-path', cause: 'a fixed path has no "\\"', mend: /regex/ },
    { yaml: paths('«/a|b»'), rule: 'bad-path', cause: 'a fixed path has no "|"', mend: /regex/ },
    { yaml: paths('«/a/../b»'), rule: 'bad-path', cause: 'non-normalized path, consider use \'/b\' instead' },
    { yaml: paths('«/a/./b»'), rule: 'bad-path', cause: 'non-normalized path, consider use \'/a/b\' instead' },
    { yaml: paths('«/%41»'), rule: 'bad-path', cause: 'non-normalized path, consider use \'/A\' instead' },
    { yaml: paths('«/a%2fb»'), rule: 'bad-path', cause: 'non-normalized path, consider use \'/a%2Fb\' instead' },
    { yaml: paths('«/%00»'), rule: 'bad-path', cause: 'this is no path of a request' },
    { yaml: paths('\'~/a«(»b\''), rule: 'bad-regex', cause: 'invalid regex: \'~/a(b\' (this ( is not closed)' },
    { yaml: paths('"~/a\\t\\\\A"').replace('"~/a\\t\\\\A"', '«"~/a\\t\\\\A"»'), rule: 'bad-regex', cause: 'invalid regex: \'~/a\t\\A\' (\\A is not known to JavaScript)' }
  ],
  'route hosts, names of servers, headers': [
    { yaml: route('hosts: [«a.*.b»]'), rule: 'bad-host', cause: 'a wildcard must be the whole left-most or right-most label, and the only one' },
    { yaml: route('hosts: [«"*a.b"»]'), rule: 'bad-host', cause: 'a wildcard must be the whole left-most or right-most label, and the only one' },
    { yaml: route('hosts: [«"*.b.*"»]'), rule: 'bad-host', cause: 'a wildcard must be the whole left-most or right-most label, and the only one' },
    { yaml: route('hosts: [«"*"»]'), rule: 'bad-host', cause: 'a wildcard must be the whole left-most or right-most label, and the only one' },
    { yaml: route('hosts: [«a.b:0»]'), rule: 'bad-host', cause: '\'0\' is no port' },
    { yaml: route('hosts: [«a.b:x»]'), rule: 'bad-host', cause: '\'x\' is no port' },
    { yaml: route('hosts: [«https://a.b/c»]'), rule: 'bad-host', cause: 'a host holds neither scheme nor path', mend: /: a\.b$/ },
    { yaml: route('snis: [«a.*.b»]'), rule: 'bad-host', cause: 'a wildcard must be the whole left-most or right-most label, and the only one' },
    { yaml: route('snis: [«a.b:443»]'), rule: 'bad-host', cause: 'a port can\'t be part of the host here', mend: /: a\.b$/ },
    { yaml: route('snis: [a.b., «127.0.0.1»]'), rule: 'bad-host', cause: 'clients send no server name for an IP address' },
    { yaml: route('snis: [«"[::1]"»]'), rule: 'bad-host', cause: 'clients send no server name for an IP address' },
    { yaml: route('paths: [/]\nprotocols: [http]\n«snis»: [a.b]'), rule: 'field-conflict', cause: '\'snis\' can only be set when \'protocols\' is \'grpcs\', \'https\', \'tls\' or \'tls_passthrough\'', mend: /Add https/ },
    { yaml: gateway('listen: [{port: 1, tls: «true»}]'), rule: 'required', cause: 'there is no certificate that could be shown here' },
    { yaml: gateway('listen: [{port: 1, http2: «true»}]'), rule: 'field-conflict', cause: '\'http2\' needs TLS', mend: /Add `tls: true`/ },
    { yaml: gateway('listen: [{port: 1, client_certificate: «require»}]'), rule: 'field-conflict', cause: '\'client_certificate\' needs TLS' },
    { yaml: route('headers: {«Host»: [x]}'), rule: 'bad-header', cause: 'cannot contain \'host\' header, which must be specified in the \'hosts\' attribute' },
    { yaml: route('headers: {«a b»: [x]}'), rule: 'bad-header', cause: '\'a b\' is no header name' },
    { yaml: route('headers: {X-A: [x], «x-a»: [y]}'), rule: 'bad-header', cause: '\'x-a\' stands here for the second time: case makes no difference' },
    { yaml: route('headers: {x-a: «[]»}'), rule: 'too-short', cause: 'length must be at least 1' },
    { yaml: route('headers: {x-a: [«""»]}'), rule: 'too-short', cause: 'length must be at least 1' },
    { yaml: route('headers: {x-a: [\'~*v«[»1\']}'), rule: 'bad-regex', cause: 'invalid regex: \'~*v[1\' (the class is not closed)' },
    { yaml: route('headers: {x-a: [plain, \'~*v«[»1\', other]}'), rule: 'bad-regex', cause: 'invalid regex: \'~*v[1\' (the class is not closed)' },
    { yaml: route('paths: [/]\n«sources»: [{ip: 1.2.3.4}]'), rule: 'field-conflict', cause: 'cannot set \'sources\' when \'protocols\' is \'http\' or \'https\'' },
    { yaml: route('paths: [/]\n«destinations»: []'), rule: 'field-conflict', cause: 'cannot set \'destinations\' when \'protocols\' is \'http\' or \'https\'' }
  ],
  'what Kong has and this release has not': [
    ...['consumer_group_plugins', 'vaults', 'keys', 'key_sets', 'workspaces',
      'filter_chains', 'partials', 'keyauth_enc_credentials'].map(key => ({ yaml: `${HEAD}«${key}»: []\n`, rule: 'not-supported-yet', cause: `'${key}' is not supported yet` })),
    ...['tls_sans', 'filter_chains'].map(key => ({ yaml: service(`«${key}»: 1`), rule: 'not-supported-yet', cause: `'${key}' is not supported yet` })),
    ...['expression', 'priority'].map(key => ({ yaml: route(`paths: [/]\n«${key}»: 1`), rule: 'not-supported-yet', cause: `'${key}' is not supported yet` })),
    ...['ordering', 'condition', 'partials'].map(key => ({ yaml: `${HEAD}plugins: [{name: fixture, «${key}»: x}]\n`, rule: 'not-supported-yet', cause: `'${key}' is not supported yet` })),
    ...['keyauth_enc_credentials', 'type'].map(key => ({ yaml: `${HEAD}consumers: [{username: x, «${key}»: []}]\n`, rule: 'not-supported-yet', cause: `'${key}' is not supported yet` })),
    { yaml: service('protocol: «grpc»'), rule: 'not-supported-yet', cause: 'the protocol \'grpc\' is not supported yet' },
    { yaml: route('paths: [/]\nprotocols: [http, «tcp»]'), rule: 'not-supported-yet', cause: 'the protocol \'tcp\' is not supported yet' },
    { yaml: route('paths: [/]\nprotocols: [«wss»]'), rule: 'not-supported-yet', cause: 'the protocol \'wss\' is not supported yet' },
    { yaml: `${HEAD}plugins: [{name: fixture, protocols: «[tcp]»}]\n`, rule: 'not-supported-yet', cause: 'none of these protocols is supported yet: the entry would never run' },
    { yaml: gateway('listen: [{port: 8443, «proxy_protocol»: true}]'), rule: 'not-supported-yet', cause: '\'proxy_protocol\' is not supported yet' },
    { yaml: `${HEAD}_info: {«default_lookup_tags»: {}}\n`, rule: 'not-supported-yet', cause: '\'default_lookup_tags\' is not supported yet' },
    { yaml: `${HEAD}_info: {defaults: {«consumer_group»: {}}}\n`, rule: 'not-supported-yet', cause: '\'consumer_group\' is not supported yet' },
    { yaml: `${HEAD}«_konnect»: {}\n`, rule: 'not-supported', cause: '\'_konnect\' addresses a control plane of Konnect, and there is none here' },
    { yaml: `${HEAD}«_workspace»: x\n`, rule: 'not-supported', cause: '\'_workspace\' names a workspace, and Sallyport has none: one file is one gateway' }
  ],
  'older formats': [
    { yaml: '_format_version: «"1.1"»\n', rule: 'format-version', cause: 'files of format 1.1 are not read: their paths follow other rules', mend: /"3\.0", and ~/ },
    { yaml: '_format_version: «"2.1"»\nroutes: [{paths: [/plain, ~/regex]}]\n', rule: 'format-version', cause: 'files of format 2.1 are not read: their paths follow other rules' }
  ],
  references: [
    { yaml: route('paths: [/]\nservice: «foo»'), rule: 'unresolved-reference', cause: 'invalid reference \'service: foo\' (no such entry in \'services\')' },
    { yaml: service('tags: []') + 'routes: [{paths: [/], service: «usres»}]\n', rule: 'unresolved-reference', cause: 'invalid reference \'service: usres\' (no such entry in \'services\')', mend: /'users'/ },
    { yaml: `${HEAD}routes: [{paths: [/], service: {name: «foo»}}]\n`, rule: 'unresolved-reference', cause: 'invalid reference \'service: foo\' (no such entry in \'services\')' },
    { yaml: `${HEAD}plugins: [{name: fixture, route: «r»}]\n`, rule: 'unresolved-reference', cause: 'invalid reference \'route: r\' (no such entry in \'routes\')' },
    { yaml: `${HEAD}consumers: [{custom_id: c}]\nplugins: [{name: fixture, consumer: «c»}]\n`, rule: 'unresolved-reference', cause: 'invalid reference \'consumer: c\' (no such entry in \'consumers\')' },
    { yaml: `${HEAD}routes: [{paths: [/], service: «{}»}]\n`, rule: 'required', cause: 'exactly one of these fields must be non-empty: \'id\', \'name\'' },
    { yaml: `${HEAD}routes: [{paths: [/], service: «7»}]\n`, rule: 'wrong-type', cause: 'expected a string or a record' },
    { yaml: service('routes: [{paths: [/], service: «users»}]'), rule: 'implied-reference', cause: 'value must be null', mend: /Remove `service`/ },
    { yaml: service('plugins: [{name: fixture, service: «users»}]'), rule: 'implied-reference', cause: 'value must be null' },
    { yaml: service('plugins: [{name: fixture, consumer: «x»}]'), rule: 'implied-reference', cause: 'value must be null', mend: /top-level `plugins`/ },
    { yaml: `${HEAD}consumers: [{username: x, plugins: [{name: fixture, route: «r»}]}]\n`, rule: 'implied-reference', cause: 'value must be null' }
  ],
  uniqueness: [
    { yaml: service('port: 1') + '- {name: «users», host: y}\n', rule: 'not-unique', cause: 'uniqueness violation: \'services\' entity with name set to \'users\' already declared' },
    { yaml: service('routes: [{name: list, paths: [/]}]') + 'routes: [{name: «list», paths: [/]}]\n', rule: 'not-unique', cause: 'uniqueness violation: \'routes\' entity with name set to \'list\' already declared' },
    { yaml: `${HEAD}consumers: [{username: a}, {username: «a»}]\n`, rule: 'not-unique', cause: 'uniqueness violation: \'consumers\' entity with username set to \'a\' already declared' },
    { yaml: `${HEAD}consumers: [{custom_id: a}, {custom_id: «a», username: b}]\n`, rule: 'not-unique', cause: 'uniqueness violation: \'consumers\' entity with custom_id set to \'a\' already declared' },
    { yaml: `${HEAD}consumers: [{username: a, id: 7c8ae39f-2bb5-4b4f-a1a5-6f0ab0a2fd0b}, {username: b, id: «7C8AE39F-2bb5-4b4f-a1a5-6f0ab0a2fd0b»}]\n`, rule: 'not-unique', cause: 'uniqueness violation: \'consumers\' entity with primary key set to \'7c8ae39f-2bb5-4b4f-a1a5-6f0ab0a2fd0b\' already declared' },
    { yaml: service('plugins: [{name: fixture, instance_name: a}]') + 'plugins: [{name: fixture, instance_name: «a»}]\n', rule: 'not-unique', cause: 'uniqueness violation: \'plugins\' entity with instance_name set to \'a\' already declared' },
    { yaml: `${HEAD}upstreams: [{name: a}, {name: «a»}]\n`, rule: 'not-unique', cause: 'uniqueness violation: \'upstreams\' entity with name set to \'a\' already declared' },
    { yaml: gateway('listen: [{port: 8080}, «{port: 8080}»]'), rule: 'not-unique', cause: 'the address 0.0.0.0:8080 is taken by \'listen.0\'' },
    { yaml: gateway('listen: [{host: 127.0.0.1, port: 9000}], admin: «{port: 9000}»'), rule: 'not-unique', cause: 'the address 127.0.0.1:9000 is taken by \'listen.0\'' },
    { yaml: gateway('listen: [{port: 9000}], admin: «{port: 9000}»'), rule: 'not-unique', cause: 'the address 127.0.0.1:9000 is taken by \'listen.0\', which listens on 0.0.0.0:9000' },
    { yaml: gateway('listen: [{host: "::", port: 9000}, «{port: 9000}»]'), rule: 'not-unique', cause: 'the address 0.0.0.0:9000 is taken by \'listen.0\', which listens on :::9000' }
  ],
  'plugins and their options': [
    { yaml: `${HEAD}plugins: [{name: «fixtrue»}]\n`, rule: 'unknown-plugin', cause: 'there is no plugin \'fixtrue\'', mend: /'fixture'/ },
    { yaml: `${HEAD}plugins: [{name: «zzzzzz»}]\n`, rule: 'unknown-plugin', cause: 'there is no plugin \'zzzzzz\'', mend: /`sallyport plugins`.*`gateway\.modules`/ },
    { yaml: `${HEAD}plugins: [{name: fixture, config: «x»}]\n`, rule: 'wrong-type', cause: 'expected a record' },
    { yaml: plugin('list: «a»'), rule: 'wrong-type', cause: 'expected an array', path: 'plugins[fixture].config.list' },
    { yaml: plugin('list: [a, «""»]'), rule: 'too-short', cause: 'length must be at least 1', path: 'plugins[fixture].config.list[1]' },
    { yaml: plugin('nested: «{}»'), rule: 'required', cause: 'required field missing: \'deep\'' },
    { yaml: plugin('nested: {deep: «y»}'), rule: 'bad-format', cause: 'value does not match the pattern ^x', mend: /Starts with x/ },
    { yaml: plugin('text: «bad»'), rule: 'plugin-config', cause: 'this text is refused', mend: /^Write another\.$/ },
    { yaml: plugin('text: «odd»'), rule: 'plugin-config', cause: 'this text is odd', severity: 'warning' }
  ],
  'limits of keys': [
    { yaml: `${HEAD}consumers: [{username: x, keyauth_credentials: [{hash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', rate_limit: «{}»}]}]\n`, rule: 'too-short', cause: 'length must be at least 1' },
    { yaml: `${HEAD}consumers: [{username: x, keyauth_credentials: [{hash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', rate_limit: {minute: 5, hour: «4»}}]}]\n`, rule: 'bad-credential', cause: 'The limit for hour(4) cannot be lower than the limit for minute(5)' },
    { yaml: `${HEAD}consumers: [{username: x, keyauth_credentials: [{hash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', rate_limit: {tier: pro, «minute»: 5}}]}]\n`, rule: 'field-conflict', cause: 'a key has the limits of its tier, or numbers of its own' },
  ],
  'the gateway block': [
    { yaml: gateway('trusted_ips: [10.0.0.0/8, ::1, «10.0.0.0/33»]'), rule: 'bad-address', cause: 'expected an IP address or a CIDR' },
    { yaml: gateway('exempt: { ips: [::1, «10.0.0.0/33»] }'), rule: 'bad-address', cause: 'expected an IP address or a CIDR' },
    { yaml: gateway('trusted_ips: [«localhost»]'), rule: 'bad-address', cause: 'expected an IP address or a CIDR' },
    { yaml: gateway('listen: «[]»'), rule: 'too-short', cause: 'length must be at least 1' },
    { yaml: gateway('listen: [{port: 80, host: «a b»}]'), rule: 'bad-host', cause: 'this is no host name' },
    { yaml: gateway('workers: «0»'), rule: 'out-of-range', cause: 'value should be between 1 and 1024' },
    { yaml: gateway('log: {level: «verbose»}'), rule: 'not-one-of', cause: 'expected one of: fatal, error, warn, info, debug, trace, silent' }
  ]
}

for (const [group, list] of Object.entries(cases)) {
  t.test(`each mistake is named with its place and its mend: ${group}`, async t => {
    for (const { yaml, rule, cause, mend, path, severity = 'error' } of list) {
      const { text, place } = unmark(yaml)
      const { diagnostics, config } = await loadText(text)
      const [first] = diagnostics
      t.equal(diagnostics.length, 1, `one diagnostic for ${JSON.stringify(text)}: ${diagnostics.map(item => `${placeOf(item)} ${item.cause}`).join(' | ')}`)
      if (first === undefined) continue
      t.strictSame({ rule: first.rule, cause: first.cause, place: placeOf(first), severity: first.severity }, { rule, cause, place, severity }, JSON.stringify(text))
      t.ok(Object.hasOwn(loaderRules, first.rule), first.rule)
      if (mend !== undefined) t.match(first.mend, mend)
      if (path !== undefined) t.equal(first.path, path)
      t.match(first.mend, /^[A-Z`]/, 'the mend is a sentence')
      t.equal(config === null, severity === 'error')
    }
  })
}

t.test('a plugin is refused at a level that it doesn\'t have', async t => {
  const only = (scopes: typeof fixture.scopes) => ({ plugins: [definePlugin({ ...fixture, scopes })] })
  const text = `${HEAD}services: [{name: s, host: h, plugins: [{name: fixture}]}]\nroutes: [{service: s, paths: [/]}]\nconsumers: [{username: c}]\nplugins:\n- {name: fixture, consumer: c}\n- name: fixture\n`
  const { diagnostics } = await loadText(text, only(['route']))
  t.strictSame(diagnostics.map(({ rule, cause, range }) => [rule, cause, range.line]), [
    ['plugin-scope', 'value must be null: \'fixture\' can\'t be configured for a service', 2],
    ['plugin-scope', 'value must be null: \'fixture\' can\'t be configured for a consumer', 6],
    ['plugin-scope', '\'fixture\' can\'t be configured globally', 7]
  ])
  t.match(diagnostics[0]?.mend, /levels: route\.$/)
  t.strictSame((await loadText(text)).diagnostics, [])
})

t.test('one plugin stands once in each scope, with or without ids, nested or flat', async t => {
  const text = `${HEAD}services:
- name: s
  host: h
  plugins:
  - name: fixture
    id: 7c8ae39f-2bb5-4b4f-a1a5-6f0ab0a2fd0b
plugins:
- name: fixture
- {name: fixture, service: s}
- {name: fixture, enabled: false}
`
  const { diagnostics } = await loadText(text)
  t.strictSame(diagnostics.map(({ range, rule, related }) => [range.line, rule, related?.map(place => place.range.line)]), [
    [10, 'not-unique', [6]],
    [11, 'not-unique', [9]]
  ])
  t.equal(diagnostics[0]?.cause, 'uniqueness violation: \'plugins\' entity with primary key set to \'7c8ae39f-2bb5-4b4f-a1a5-6f0ab0a2fd0b\' already declared')
})

t.test('an entry whose owner isn\'t there is no double of a global one', async t => {
  const { diagnostics } = await loadText(`${HEAD}plugins:\n- name: fixture\n- {name: fixture, service: gone}\n- {name: fixture, service: lost}\n`)
  t.strictSame(diagnostics.map(({ range, rule }) => [range.line, rule]), [[4, 'unresolved-reference'], [5, 'unresolved-reference']])
})

t.test('both places of a duplicate are named', async t => {
  const { diagnostics } = await loadText(`${HEAD}services:\n- {name: a, host: x}\n- {name: a, host: y}\n`)
  t.equal(diagnostics[0]?.range.line, 4)
  t.strictSame(diagnostics[0]?.related?.map(place => [place.range.line, place.range.column, place.message]), [[3, 10, 'declared here first']])
})

t.test('paths that an older format read as regexes are pointed out', async t => {
  const { diagnostics } = await loadText('_format_version: "1.1"\nservices:\n- host: x\n  routes:\n  - paths: [/plain, /a(b)+]\n')
  t.match(diagnostics.map(item => [item.rule, item.range.line]), [['format-version', 1], ['format-version', 5]])
})

t.test('what a mistyped key was meant to be is not said to be missing as well', async t => {
  const files: Readonly<Record<string, string>> = {
    "unknown field 'ulr'": 'services: [{ name: s, ulr: "http://a.internal" }]',
    "unknown field 'hots'": 'services: [{ name: s, hots: a.internal }]',
    "unknown field 'pahts'": 'routes: [{ name: r, pahts: [/] }]',
    "unknown field 'usernam'": 'consumers: [{ usernam: bob }]',
    "unknown field 'nmae'": 'services: [{ nmae: users, host: a.internal }]\nroutes: [{ paths: [/], service: users }]',
    "unknown field 'targt'": 'upstreams: [{ name: u, targets: [{ targt: a.internal }] }]',
    "unknown field 'hash_on_heade'": 'upstreams: [{ name: u, algorithm: consistent-hashing, hash_on: header, hash_on_heade: X-Id, targets: [{ target: a.internal }] }]'
  }
  for (const [cause, yaml] of Object.entries(files)) {
    const { diagnostics } = await loadText(HEAD + yaml)
    t.same(diagnostics.filter(({ severity }) => severity === 'error').map(({ cause }) => cause), [cause], yaml)
  }
  const { diagnostics } = await loadText(`${HEAD}routes: [{ name: r, pahts: [/a], paths: [b] }]`)
  t.same(diagnostics.map(({ rule }) => rule), ['unknown-key', 'bad-path'], 'one that is there as well is judged')
})

t.test('passwords of addresses stand in no message', async t => {
  for (const yaml of ['services: [{ name: s, url: "htp://u:canary@a.internal" }]', 'services: [{ name: s, host: "http://u:canary@a.internal:80/x" }]', 'services: [{ name: s, url: "http://u:canary@a.internal:99999/" }]']) {
    const { diagnostics } = await loadText(HEAD + yaml)
    t.ok(diagnostics.length > 0)
    t.notMatch(JSON.stringify(diagnostics), 'canary', yaml)
  }
})

t.test('a mend of a host, an empty url and a block of anchors doesn\'t lead to the next error', async t => {
  const first = async (yaml: string) => (await loadText(HEAD + yaml)).diagnostics.map(({ rule, mend }) => `${rule}: ${mend}`)
  t.same(await first('services: [{ name: s, host: "http://x.internal:80/a", enabled: false }]'), ['bad-host: Write the host alone: x.internal'])
  t.same(await first('services: [{ name: s, host: "http://[::1]:80/a", enabled: false }]'), ['bad-host: Write the host alone: [::1]'])
  t.same(await first('services: [{ name: s, url: "", enabled: false }]'), ['too-short: Write a value, or remove the key.'])
  t.same(await first('x-common: {}'), ['unknown-key: What is there for its anchors alone belongs into `_ignore`, a list.'])
})
