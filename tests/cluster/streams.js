// Backends that follow /revocations through HAProxy, as docs/backends/following.md says.
import { Revocations } from '../../docs/verify-tokens/node/revocations.js'
import { dir, proxy, sh, until } from './machines.js'

const STREAMS = 3

export class Streams {
  #stopping = new AbortController()

  static async open() {
    const key = await sh(`DATABASE_URL=$(direct_url) "$dir/portcullis-1" --config "$dir/portcullis.toml" service-keys create streams 2>/dev/null`)
    const streams = new Streams()
    streams.followers = Array.from({ length: STREAMS }, () => new Revocations({ url: `http://${proxy}:8080`, serviceKey: key }))
    streams.following = streams.followers.map(follower => follower.follow(streams.#stopping.signal))
    await until(20, 'streams', () => streams.followers.every(follower => follower.isCurrent()))
    return streams
  }

  /** How many endings were not told, over all streams, once they are current again. */
  async missed(people) {
    const ended = people.sessions.filter(session => session.ended).map(({ claims }) => claims)
    const missing = () => this.followers.flatMap(follower => ended.filter(claims => !follower.isRevoked(claims))).length
    await until(30, 'streams that are told everything', () => !missing()).catch(() => {})
    return missing()
  }

  async close() {
    this.#stopping.abort()
    await Promise.all(this.following)
  }
}
