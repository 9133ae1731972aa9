// People who sign in, change their passwords and sign out, at one instance and at the other in turns. Each answer is what it must be.
// node load.js URL FILE SECONDS: the second instance is that whose URL comes to stand in FILE; so long it goes on with both.
import { existsSync, readFileSync } from 'node:fs'

import { LOGOUT, ME, change, login, reason, refresh, register, send } from './requests.js'

const [first, file, seconds] = process.argv.slice(2)
const WORKERS = 6
const PASSWORD = 'correct horse battery staple'
const OTHER = 'nine teal umbrellas hum'
// A session that has ended is refused by the other instance after this time at the most, in milliseconds.
const HEARD = 2000
// What both instances must have been asked.
const ASKED = ['register', 'login', 'wrong login', 'me', 'refresh', 'change', 'old password', 'new password', 'logout', 'ended']

const wrong = []
const counts = {}
let instances = [first]

const any = () => instances[Math.floor(Math.random() * instances.length)]
const other = url => instances.find(one => one !== url) ?? url

const HOME = new Error('this person goes home')

const place = url => url === first ? 'first' : 'second'

/** Sends it, and says what differs from what is expected. */
const expect = async (name, url, query, input, token, expected, find) => {
  const answer = await send(url, query, input, token).catch(error => ({ failed: `${error} ${error.cause ?? ''}` }))
  const found = find(answer)
  const at = `${name} at the ${place(url)}`
  counts[at] = (counts[at] ?? 0) + 1
  if (found !== expected) {
    wrong.push(`${at}: ${expected} expected: ${JSON.stringify(answer)}`)
    throw HOME
  }
  return answer
}

const says = (name, url, { query, find }, input, expected, token) => expect(name, url, query, input, token, expected, find)

const ended = async (url, token) => {
  const until = Date.now() + HEARD
  for (;;) {
    const answer = await send(url, ME, null, token)
    if (reason(answer) === 'SESSION_REVOKED') break
    if (answer.errors || Date.now() > until) {
      wrong.push(`a session that has ended is still accepted at the ${place(url)}: ${JSON.stringify(answer)}`)
      throw HOME
    }
  }
  const at = `ended at the ${place(url)}`
  counts[at] = (counts[at] ?? 0) + 1
}

const person = async email => {
  let url = any()
  const registered = await says('register', url, register, { email, password: PASSWORD }, 'RegisterSuccess')
  const { id } = registered.data.register.user
  url = any()
  let { tokens: held } = (await says('login', url, login, { identifier: email, password: PASSWORD }, 'LoginSuccess')).data.login
  await says('wrong login', any(), login, { identifier: email, password: OTHER }, 'InvalidCredentials')
  for (let turn = 0; turn < 4; turn++) {
    await expect('me', any(), ME, null, held.accessToken, id, answer => answer.data?.me?.id)
    const input = { refreshToken: held.refreshToken }
    held = (await says('refresh', any(), refresh, input, 'RefreshTokenSuccess')).data.refreshToken.tokens
  }
  const passwords = { currentPassword: PASSWORD, newPassword: OTHER }
  url = any()
  await says('change', url, change, passwords, 'ChangePasswordSuccess', held.accessToken)
  await ended(other(url), registered.data.register.tokens.accessToken)
  await says('old password', any(), login, { identifier: email, password: PASSWORD }, 'InvalidCredentials')
  const last = (await says('new password', any(), login, { identifier: email, password: OTHER }, 'LoginSuccess')).data.login.tokens
  url = any()
  await expect('logout', url, LOGOUT, null, last.accessToken, true, answer => answer.data?.logout?.ended)
  await ended(other(url), last.accessToken)
}

let end = Infinity
const worker = async number => {
  for (let turn = 0; Date.now() < end; turn++) {
    if (instances.length === 1 && existsSync(file)) {
      instances = [first, readFileSync(file, 'utf8').trim()]
      end = Date.now() + 1000 * seconds
    }
    await person(`w${number}-${turn}@example.com`).catch(error => {
      if (error !== HOME) wrong.push(`${error} ${error.cause ?? ''}`)
    })
  }
}
await Promise.all(Array.from({ length: WORKERS }, (_, number) => worker(number)))
for (const name of ASKED) {
  for (const at of ['first', 'second']) if (!counts[`${name} at the ${at}`]) wrong.push(`${name} at the ${at}: never asked`)
}
console.log(counts)
for (const line of wrong.slice(0, 20)) console.log(line)
console.log(`${Object.values(counts).reduce((one, two) => one + two, 0)} answers, ${wrong.length} wrong`)
process.exit(wrong.length ? 1 : 0)
