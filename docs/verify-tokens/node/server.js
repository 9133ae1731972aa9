// A backend that answers `GET /` with the claims of the caller's access token.

import { createServer } from 'node:http'
import process from 'node:process'

import { Revocations } from './revocations.js'
import { createVerifier, Refused, Unavailable } from './verify.js'

const url = setting('AUTH_URL').replace(/\/+$/, '')
const issuer = setting('AUTH_ISSUER')
const audience = setting('AUTH_AUDIENCE')
const serviceKey = setting('AUTH_SERVICE_KEY')
const algorithms = setting('AUTH_ALGORITHMS', 'EdDSA').split(',')
const port = Number(setting('PORT', '3000'))

// While the stream is lost: `refuse` everybody, or `accept` whoever is not known to be revoked. With the second a revoked token is
// good until it expires, for whoever can keep this server from reaching the other one.
const whileLost = setting('WHILE_LOST', 'refuse')
if (!['refuse', 'accept'].includes(whileLost)) throw new Error('WHILE_LOST is refuse or accept')

const verify = createVerifier({ url, issuer, audience, algorithms })
const revocations = new Revocations({ url, serviceKey })
const stop = new AbortController()

/** The claims of whoever sends this header. Throws `Refused` or `Unavailable`. */
async function caller(authorization) {
  const token = /^Bearer ([^ ]+)$/i.exec(authorization ?? '')?.[1]
  if (token === undefined) throw new Refused('no bearer token')
  const claims = await verify(token)
  if (revocations.isRevoked(claims)) throw new Refused('revoked')
  if (whileLost === 'refuse' && !revocations.isCurrent()) throw new Unavailable('the stream of revocations is lost')
  return claims
}

const server = createServer(async (request, response) => {
  const answer = (status, body, headers) => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(`${JSON.stringify(body)}\n`)
  }
  if (request.method !== 'GET' || request.url !== '/') return answer(404, { error: 'GET / is all there is' })
  try {
    answer(200, await caller(request.headers.authorization))
  } catch (error) {
    if (error instanceof Refused) {
      answer(401, { error: error.message }, { 'WWW-Authenticate': 'Bearer error="invalid_token"' })
    } else if (error instanceof Unavailable) {
      answer(503, { error: error.message }, { 'Retry-After': '1' })
    } else {
      console.error(error)
      answer(500, { error: 'a fault of this server' })
    }
  }
})

function setting(name, otherwise) {
  const value = process.env[name] || otherwise
  if (value === undefined) throw new Error(`${name} is not set`)
  return value
}

server.listen(port, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`))
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    stop.abort()
    server.close()
    server.closeAllConnections()
  })
}
await revocations.follow(stop.signal)
