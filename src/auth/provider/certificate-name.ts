import type { buildConnector } from 'undici'

const WRONG_NAME = 'ERR_TLS_CERT_ALTNAME_INVALID'

/**
 * Makes a certificate for another name a connection failure like all others.
 *
 * undici 7 has a way of its own for this one, that fails the waiting requests without taking them out of its books
 * (`handleConnectError`, which moves the pending index alone): at the second such failure of a client an assertion ends
 * the process. Where the client's Host is preserved, that name is the client's to choose.
 */
export function failOnWrongName (connect: buildConnector.connector): buildConnector.connector {
  return function connectByName (options, callback) {
    connect(options, (...outcome) => {
      const [error] = outcome
      if ((error as NodeJS.ErrnoException | null)?.code !== WRONG_NAME) {
        callback(...outcome)
        return
      }
      const failure: NodeJS.ErrnoException = new Error('the certificate is for another name', { cause: error })
      failure.code = 'CERT_ALTNAME_INVALID'
      callback(failure, null)
    })
  }
}
