// People who register, sign in, refresh, ask and sign out through HAProxy, and what was acknowledged to them.
import { setTimeout as sleep } from 'node:timers/promises'

import { LOGOUT, ME, login, refresh, register, send } from '../upgrade/requests.js'
import { HOSTS, instance, proxy } from './machines.js'

export const PASSWORD = 'correct horse battery staple'
const PAUSE = 20
/** A person tries again what must not be left undone. */
const AGAIN = 200
/** Nobody accepts a session for longer than PORTCULLIS_FEED_TIMEOUT after its end; a request takes its time as well. */
export const HEARD = 2500
export const UNAVAILABLE = new Set(['SERVICE_UNAVAILABLE', 'SERVER_BUSY'])

const claims = token => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))
const me = { query: ME, find: answer => answer.data?.me?.id }
const logout = { query: LOGOUT, find: answer => answer.data?.logout?.ended }

export class People {
  /** { email, sessions } of each registration that was acknowledged. A session is { claims, accessToken, refreshToken, ended }. */
  accounts = []
  /** { kind, ended, failure } of each request. */
  answers = []
  wrong = []
  /** By host: what is waited for before its instance is asked. */
  asleep = {}
  #working
  #watching = new Set()
  #stopped = false
  #url = `http://${proxy}:8080/graphql`

  constructor(name, workers) {
    this.#working = Array.from({ length: workers }, async (_, place) => {
      for (let turn = 0; !this.#stopped; turn++) await this.#person(`${name}-${place}-${turn}@example.com`)
    })
  }

  async stop() {
    this.#stopped = true
    await Promise.all(this.#working)
    await Promise.all(this.#watching)
  }

  get sessions() {
    return this.accounts.flatMap(({ sessions }) => sessions)
  }

  /** The longest time without an answer of these kinds from a moment on, in milliseconds. */
  silence(since, kinds) {
    const good = this.answers.filter(({ kind, ended, failure }) => kinds.includes(kind) && !failure && ended >= since)
    const moments = [since, ...good.map(({ ended }) => ended).sort((one, two) => one - two)]
    return Math.round(Math.max(...moments.slice(1).map((moment, place) => moment - moments[place])))
  }

  async #person(email) {
    const registered = await this.#ask('register', register, { email, password: PASSWORD }, null, ['RegisterSuccess'])
    // Whether there is an account now is unknown.
    if (!registered?.data.register?.tokens) return sleep(AGAIN)
    const { tokens, user } = registered.data.register
    const account = { email, sessions: [] }
    this.accounts.push(account)
    const first = this.#open(account, tokens)
    for (let turn = 0; turn < 3 && !this.#stopped; turn++) {
      await this.#ask('me', me, null, first.accessToken, [user.id])
      await this.#insist(() => this.#refresh(first))
      const again = await this.#ask('login', login, { identifier: email, password: PASSWORD }, null, ['LoginSuccess'])
      if (!again?.data.login?.tokens) continue
      const second = this.#open(account, again.data.login.tokens)
      await this.#ask('me', me, null, second.accessToken, [user.id])
      await this.#insist(tries => this.#logout(second, tries))
    }
  }

  #open(account, { accessToken, refreshToken }) {
    const session = { accessToken, refreshToken, claims: claims(accessToken), ended: false }
    account.sessions.push(session)
    return session
  }

  async #refresh(session) {
    const answer = await this.#ask('refresh', refresh, { refreshToken: session.refreshToken }, null, ['RefreshTokenSuccess'])
    if (answer?.data?.refreshToken?.tokens) Object.assign(session, answer.data.refreshToken.tokens)
    return answer
  }

  async #logout(session, tries) {
    // What ended a session without saying so has ended it.
    const expected = tries === 0 ? [true] : [true, false]
    session.unsure = true
    const answer = await this.#ask('logout', logout, null, session.accessToken, expected)
    if (!answer) return
    session.ended = true
    const watch = sleep(HEARD).then(() => this.#refused(session)).finally(() => this.#watching.delete(watch))
    this.#watching.add(watch)
    return answer
  }

  /** Nobody accepts it any more, whatever is broken. */
  async #refused({ accessToken, claims: { sid } }) {
    await Promise.all(HOSTS.map(async host => {
      await this.asleep[host]
      const answer = await send(`${instance(host)}/graphql`, ME, null, accessToken, AbortSignal.timeout(10_000)).catch(() => ({}))
      if (answer.data?.me) this.wrong.push(`instance ${host} accepts the session ${sid}, which has ended`)
    }))
  }

  async #insist(once) {
    for (let tries = 0; !(await once(tries)) && !this.#stopped; tries++) await sleep(AGAIN)
  }

  /** The answer, or nothing where the service was not there. */
  async #ask(kind, { query, find }, input, token, expected) {
    await sleep(PAUSE)
    let answer, failure
    try {
      answer = await send(this.#url, query, input, token, AbortSignal.timeout(15_000))
      const codes = (answer.errors ?? []).map(({ extensions }) => extensions?.code)
      failure = codes.find(code => UNAVAILABLE.has(code))
    } catch (error) {
      failure = [error.message, error.cause?.message].filter(Boolean).join(': ')
    }
    this.answers.push({ kind, ended: performance.now(), failure })
    if (failure) return undefined
    if (!expected.includes(find(answer))) this.wrong.push(`${kind}: ${JSON.stringify(answer)}`)
    return answer.data && answer
  }
}
