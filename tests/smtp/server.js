// An SMTP server that does as it is told. Its first argument is JSON: { tls: "none" | "starttls" | "implicit", key, cert, user, password }.
// Each line of standard input is JSON: { behaviour } from now on, or { release: true } for the mails that are held. It writes a line of
// JSON for what happens. A behaviour is { kind, at, only, code, text }: accept; refuse, hold or drop `at` a step (connect, auth, mail,
// rcpt, data), `only` for one recipient; greylist.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { SMTPServer } from 'smtp-server'

const options = JSON.parse(process.argv[2])
const say = event => process.stdout.write(JSON.stringify(event) + '\n')

let behaviour = { kind: 'accept' }
let held = []
const seen = new Set()

const refusal = (text, code) => Object.assign(new Error(text), { responseCode: code })

// Goes on with `next`, or does what is to be done at this step.
const at = (step, session, recipient, quoted, next) => {
  const { kind, only, code = 550, text = 'no' } = behaviour
  const isMeant = behaviour.at === step && (only == null || only === recipient)
  if (kind === 'greylist' && step === 'rcpt' && !seen.has(recipient)) {
    seen.add(recipient)
    return next(refusal('4.7.1 greylisted, try again', 451))
  }
  if (!isMeant) return next()
  if (kind === 'refuse') return next(refusal(`${text} ${quoted}`.trim(), code))
  if (kind === 'hold') {
    held.push(() => next())
    return say({ held: step, recipient })
  }
  if (kind === 'drop') {
    say({ dropped: step, recipient })
    for (const connection of server.connections) connection._socket.destroy()
    return
  }
  next()
}

const server = new SMTPServer({
  secure: options.tls === 'implicit',
  key: options.key && readFileSync(options.key),
  cert: options.cert && readFileSync(options.cert),
  disabledCommands: [...(options.tls === 'none' ? ['STARTTLS'] : []), ...(options.user ? [] : ['AUTH'])],
  allowInsecureAuth: options.tls === 'none',
  disableReverseLookup: true,
  closeTimeout: 100,
  onConnect: (session, done) => at('connect', session, null, '', done),
  onAuth: ({ username, password, method }, session, done) =>
    at('auth', session, null, `${method} ${password}`, error => {
      if (error) return done(error)
      if (username !== options.user || password !== options.password) return done(refusal('wrong password', 535))
      done(null, { user: username })
    }),
  onMailFrom: (address, session, done) => at('mail', session, null, '', done),
  onRcptTo: ({ address }, session, done) => at('rcpt', session, address, `<${address}>`, done),
  onData: (stream, session, done) => {
    let raw = ''
    stream.setEncoding('utf8')
    stream.on('data', piece => { raw += piece })
    stream.on('end', () => {
      const { mailFrom, rcptTo } = session.envelope
      const to = rcptTo.map(({ address }) => address)
      const body = raw.replace(/=\r\n/g, '').replace(/\s+/g, ' ')
      // Where the link is.
      const place = body.indexOf('pcl_')
      const quoted = body.slice(Math.max(0, place - 80), place + 160)
      at('data', session, to[0], quoted, error => {
        if (!error) say({ accepted: { from: mailFrom.address, to, secure: session.secure, user: session.user ?? null, connection: session.id, greeting: session.hostNameAppearsAs, raw } })
        done(error)
      })
    })
  }
})
server.on('error', error => say({ error: error.message }))
server.listen(options.port ?? 0, '127.0.0.1', () => say({ listening: server.server.address().port }))

createInterface({ input: process.stdin })
  .on('line', line => {
    const told = JSON.parse(line)
    if (told.behaviour) behaviour = told.behaviour
    if (told.release) {
      held.forEach(next => next())
      held = []
    }
    say({ told })
  })
  .on('close', () => process.exit())
