// Follows GET /revocations, and knows whose access tokens are void.

import { setTimeout as sleep } from 'node:timers/promises'

import { Parser } from './events.js'

/** The server is never silent for longer than 2 seconds. After three times as long the stream is lost. */
const SILENCE = 6_000

/** No access token lives for longer than a day; an hour is for clocks that disagree. */
const REMEMBER = 25 * 60 * 60_000

/** Longest wait between two attempts. */
const MAX_WAIT = 5_000

export class Revocations {
  #url
  #serviceKey
  /** Until where everything was heard: the id of the last `position`. */
  #position
  /** When that was, by the clock that nobody sets. */
  #heardAt = -Infinity
  /** What the server asks us to wait before we connect again. */
  #retry = 500
  // In the order in which they were heard, so the oldest come first. The values are [when, what].
  #sessions = new Map()
  #accounts = new Map()
  #generations = new Map()
  /** Those of another history of the database, until those of this one have been told. */
  #formerGenerations = new Map()

  constructor({ url, serviceKey }) {
    this.#url = new URL(`${url}/revocations`)
    this.#serviceKey = serviceKey
  }

  /** Whether everything that happened is known, up to some seconds ago. */
  isCurrent() {
    return performance.now() - this.#heardAt < SILENCE
  }

  /** Whether a token with these claims was revoked, as far as is known. */
  isRevoked({ sid, sub, iat, generation = 0 }) {
    if (this.#sessions.has(sid) || iat < (this.#accounts.get(sub)?.[1] ?? -Infinity)) return true
    return [this.#generations, this.#formerGenerations].some((generations) => {
      const ended = generations.get(sub)?.[1]
      return ended !== undefined && sid !== ended.exceptSession && !(generation >= ended.generation)
    })
  }

  /** Follows the stream until `signal` aborts. */
  async follow(signal) {
    for (let failures = 0; !signal.aborted; failures++) {
      const before = this.#heardAt
      let refused = false
      try {
        await this.#read(signal)
      } catch (error) {
        if (signal.aborted) return
        refused = error instanceof BadKey
        console.error(`revocations: ${error.message}${error.cause ? `: ${error.cause.message}` : ''}`)
      }
      if (this.#heardAt !== before) failures = 0
      const wait = refused ? MAX_WAIT : Math.min(this.#retry * 2 ** failures, MAX_WAIT)
      // Not all backends at the same moment.
      await sleep(wait * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => {})
    }
  }

  /** One connection, to its end. */
  async #read(signal) {
    const headers = { Accept: 'text/event-stream', Authorization: `Bearer ${this.#serviceKey}` }
    if (this.#position !== undefined) headers['Last-Event-ID'] = this.#position
    const opening = new AbortController()
    const answer = fetch(this.#url, { headers, redirect: 'error', signal: opening.signal })
    const response = await inTime(answer).catch((error) => {
      opening.abort()
      throw error
    })
    const reader = response.body.getReader()
    // Not the signal of the fetch: Node 20 may have forgotten it by now.
    const close = () => reader.cancel().catch(() => {})
    signal.addEventListener('abort', close)
    try {
      // Not a position of this server: begin anew.
      if (response.status === 400) this.#position = undefined
      if (response.status === 401) throw new BadKey('the service key is refused')
      if (response.status !== 200) throw new Error(`the server answers ${response.status}`)
      const parser = new Parser()
      for (;;) {
        const { value: chunk, done } = await inTime(reader.read())
        if (done) throw new Error('the stream has ended')
        for (const event of parser.read(chunk)) this.#hear(event)
      }
    } finally {
      signal.removeEventListener('abort', close)
      close()
    }
  }

  #hear({ type, id, data, retry }) {
    if (retry !== undefined) this.#retry = retry
    const now = performance.now()
    if (type === 'session') {
      remember(this.#sessions, JSON.parse(data).sid, [now])
    } else if (type === 'account') {
      const { sub, issuedBefore, generation, exceptSession } = JSON.parse(data)
      // What is told twice may come in another order.
      if (generation === undefined) {
        remember(this.#accounts, sub, [now, Math.max(issuedBefore, this.#accounts.get(sub)?.[1] ?? issuedBefore)])
      } else {
        const known = this.#generations.get(sub)?.[1]
        remember(this.#generations, sub, [now, known?.generation > generation ? known : { generation, exceptSession }])
      }
    } else if (type === 'history') {
      // The server may have told some of this one already, and been interrupted: they are told again.
      for (const [sub, ended] of this.#generations) this.#formerGenerations.set(sub, ended)
      this.#generations.clear()
    } else if (type === 'position') {
      this.#formerGenerations.clear()
      this.#position = id
      this.#heardAt = now
      forget(this.#sessions, now - REMEMBER)
      forget(this.#accounts, now - REMEMBER)
      forget(this.#generations, now - REMEMBER)
    }
  }
}

class BadKey extends Error {}

/** What the promise comes to, unless that takes longer than the server is ever silent. */
function inTime(promise) {
  let alarm
  const silence = new Promise((_, reject) => {
    alarm = setTimeout(() => reject(new Error('silent for too long')), SILENCE)
  })
  return Promise.race([promise, silence]).finally(() => clearTimeout(alarm))
}

function remember(map, key, value) {
  map.delete(key)
  map.set(key, value)
}

function forget(map, before) {
  for (const [key, [when]] of map) {
    if (when >= before) break
    map.delete(key)
  }
}
