import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { has, versionLine } from '../lib/children.js'

export default {
  name: 'nginx',
  missing: has('nginx') ? null : 'apt-get install nginx-light',
  version: () => versionLine('nginx', ['-v']).replace(/.*\//, ''),
  program ({ port, upstream, dir, http = '', tls = '', location = '' }) {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${join(dir, name)};`)
    const file = join(dir, 'nginx.conf')
    // keepalive_requests: the default of 1,000 would have connections made anew several times a round
    writeFileSync(file, `
      ${process.getuid() === 0 ? 'user root;' : ''}
      daemon off;
      worker_processes 1;
      pid ${join(dir, 'nginx.pid')};
      error_log ${join(dir, 'error.log')} error;
      events { worker_connections 1024; }
      http {
        access_log off;
        ${temporary.join('\n')}
        keepalive_requests 100000000;
        ${http}
        upstream backend {
          server 127.0.0.1:${upstream};
          keepalive 128;
          keepalive_requests 100000000;
        }
        server {
          listen 127.0.0.1:${port}${tls === '' ? '' : ' ssl'};
          ${tls}
          location / {
            ${location}
            proxy_pass http://backend;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
          }
        }
      }`)
    return { command: 'nginx', args: ['-p', dir, '-e', join(dir, 'error.log'), '-c', file] }
  }
}
