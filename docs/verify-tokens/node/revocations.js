// Follows GET /revocations, and knows whose access tokens are void.

import { setTimeout as sleep } from 'node:timers/promises'

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

  constructor({ url, serviceKey }) {
    this.#url = new URL('/revocations', url)
    this.#serviceKey = serviceKey
  }

  /** Whether everything that happened is known, up to some seconds ago. */
  isCurrent() {
    return performance.now() - this.#heardAt < SILENCE
  }

  /** Whether a token with these claims was revoked, as far as is known. */
  isRevoked({ sid, sub, iat }) {
    return this.#sessions.has(sid) || iat < (this.#accounts.get(sub)?.[1] ?? -Infinity)
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
    const silence = new AbortController()
    const alarm = setTimeout(() => silence.abort(new Error('the stream was silent for too long')), SILENCE)
    try {
      const headers = { Accept: 'text/event-stream', Authorization: `Bearer ${this.#serviceKey}` }
      if (this.#position !== undefined) headers['Last-Event-ID'] = this.#position
      const response = await fetch(this.#url, {
        headers,
        redirect: 'error',
        signal: AbortSignal.any([signal, silence.signal]),
      })
      if (response.status !== 200) {
        await response.body?.cancel()
        // Not a position of this server: begin anew.
        if (response.status === 400) this.#position = undefined
        if (response.status === 401) throw new BadKey('the service key is refused')
        throw new Error(`the server answers ${response.status}`)
      }
      for await (const event of events(response.body)) {
        alarm.refresh()
        this.#hear(event)
      }
    } finally {
      clearTimeout(alarm)
    }
  }

  #hear({ type, id, data, retry }) {
    if (retry !== undefined) this.#retry = retry
    const now = performance.now()
    if (type === 'session') {
      remember(this.#sessions, JSON.parse(data).sid, [now])
    } else if (type === 'account') {
      const { sub, issuedBefore } = JSON.parse(data)
      // What is told twice may come in another order.
      remember(this.#accounts, sub, [now, Math.max(issuedBefore, this.#accounts.get(sub)?.[1] ?? issuedBefore)])
    } else if (type === 'position') {
      this.#position = id
      this.#heardAt = now
      forget(this.#sessions, now - REMEMBER)
      forget(this.#accounts, now - REMEMBER)
    }
  }
}

class BadKey extends Error {}

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

/** Reads server-sent events (HTML Standard, section 9.2.6), however they are cut into chunks. */
export async function* events(body) {
  let rest = ''
  let event = { type: 'message', data: [] }
  // The decoder keeps the beginning of a character until the rest of it comes.
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()
    for (const ended of lines) {
      const line = ended.endsWith('\r') ? ended.slice(0, -1) : ended
      if (line === '') {
        yield { ...event, data: event.data.join('\n') }
        event = { type: 'message', data: [] }
        continue
      }
      const colon = line.indexOf(':')
      const name = colon < 0 ? line : line.slice(0, colon)
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
      if (name === 'event') event.type = value
      else if (name === 'id') event.id = value
      else if (name === 'data') event.data.push(value)
      else if (name === 'retry' && /^[0-9]+$/.test(value)) event.retry = Number(value)
    }
  }
}
