// Whether an access token is genuine and in time: RFC 9068 section 4, RFC 8725.

import { createRemoteJWKSet, errors, jwtVerify } from 'jose'

/** The token is refused. Answer 401. */
export class Refused extends Error {}

/** Nobody can tell whether the token is good. Answer 503. */
export class Unavailable extends Error {}

export function createVerifier({ url, issuer, audience, algorithms }) {
  const published = createRemoteJWKSet(new URL(`${url}/.well-known/jwks.json`), {
    cacheMaxAge: 300_000,
    // At most one look in this time for a `kid` that nobody knows: anybody can make one up.
    cooldownDuration: 30_000,
    timeoutDuration: 5_000,
  })

  async function key(header, token) {
    if (!header.kid) throw new Refused('the token names no key')
    try {
      return await published(header, token)
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) throw new Refused('nobody knows its key')
      throw new Unavailable('the keys can not be fetched', { cause: error })
    }
  }

  /** Its claims. Throws `Refused` or `Unavailable`. */
  return async function verify(token) {
    try {
      const { payload } = await jwtVerify(token, key, {
        issuer,
        audience,
        algorithms,
        typ: 'at+jwt',
        clockTolerance: 0,
        requiredClaims: ['exp', 'iat', 'sub', 'sid'],
      })
      return payload
    } catch (error) {
      if (error instanceof errors.JOSEError) throw new Refused(error.message)
      throw error
    }
  }
}
