// Answers requests as graphql-js does, on the schema of Portcullis and with values that Portcullis has answered, and says whether its answer is
// the same. Reads a line of JSON for each request, after a first one with the schema and the values; writes a line for each.
import { createInterface } from 'node:readline'
import { buildSchema, graphqlSync, valueFromASTUntyped } from 'graphql'

const failure = (__typename, code, message, more = {}) => ({ __typename, code, message, ...more })

const page = (nodes, { first, after }) => {
  const size = first ?? 20
  if (size < 1 || size > 100) throw new Error('the number is out of range')
  const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
  if (after != null && !uuid.test(after)) throw new Error('this is no cursor')
  const rest = after == null ? nodes : nodes.filter(node => node.id < after.toLowerCase())
  const shown = rest.slice(0, size)
  return {
    edges: shown.map(node => ({ cursor: node.id, node })),
    nodes: shown,
    pageInfo: {
      hasPreviousPage: after != null,
      hasNextPage: rest.length > size,
      startCursor: shown[0]?.id ?? null,
      endCursor: shown.at(-1)?.id ?? null,
    },
  }
}

const over = failure('FlowExpired', 'FLOW_EXPIRED', 'This link or code is not valid any more. Ask for another one.')
const signInOver = failure('FlowExpired', 'FLOW_EXPIRED', 'This sign-in is not valid any more. Sign in again.')
const invalid = (field, code, message) =>
  failure('InvalidInput', 'INVALID_INPUT', "Some of the input can't be taken.", { fields: [{ path: ['input', field], code, message }] })

// No account has any of the addresses that are asked for, and the clock stands still.
const started = ({ input: { email } }) =>
  /^ *[a-z.]+@[a-z]+\.[a-z]+ *$/i.test(email)
    ? { __typename: 'EmailFlowStarted', flow: 'pcf_', expiresAt: '2026-01-01T01:00:00Z', resendAfter: '2026-01-01T00:01:00Z' }
    : invalid('email', 'INVALID_FORMAT', 'This is not an e-mail address.')

const roots = world => ({
  me: (_, { signedIn }) => {
    if (!signedIn) throw new Error('nobody is signed in')
    return world.me
  },
  login: ({ input }) => {
    if (input.transport === 'COOKIE') throw new Error('no cookies are kept')
    return failure('InvalidCredentials', 'INVALID_CREDENTIALS', 'No account has this identifier and password.')
  },
  register: ({ input }) => {
    if (input.transport === 'COOKIE') throw new Error('no cookies are kept')
    return failure('RegistrationClosed', 'REGISTRATION_CLOSED', 'Nobody can register here.')
  },
  refreshToken: ({ input }) => {
    const token = input?.refreshToken
    if (token == null) throw new Error('no cookies are kept')
    if (token === world.refreshToken) return world.refreshed
    const message = 'This is not a refresh token of this server.'
    return failure('InvalidRefreshToken', 'INVALID_REFRESH_TOKEN', message, { reason: 'INVALID' })
  },
  // No link was ever sent.
  emailLink: () => null,
  confirmRegistration: ({ input }) => {
    if (input.transport === 'COOKIE') throw new Error('no cookies are kept')
    return over
  },
  startPasswordReset: started,
  completePasswordReset: ({ input: { newPassword } }) => {
    const length = [...newPassword.normalize('NFC')].length
    if (length < 8) return invalid('newPassword', 'TOO_SHORT', 'A password has at least 8 characters.')
    return length > 256 ? invalid('newPassword', 'TOO_LONG', 'A password has at most 256 characters.') : over
  },
  startEmailSignIn: () => {
    throw new Error('nobody signs in by mail')
  },
  signInWithEmail: () => {
    throw new Error('nobody signs in by mail')
  },
  startPasskeySignIn: () => ({
    expiresAt: '2026-01-01T00:10:00Z',
    options: { allowCredentials: [], challenge: 'a challenge', rpId: 'localhost', timeout: 600000, userVerification: 'required' },
  }),
  signInWithPasskey: ({ input }) => {
    if (input.transport === 'COOKIE') throw new Error('no cookies are kept')
    return failure('InvalidPasskey', 'INVALID_PASSKEY', 'This passkey is not accepted.')
  },
  completeSignIn: ({ input }) => {
    if (input.transport === 'COOKIE') throw new Error('no cookies are kept')
    return signInOver
  },
  startSecondFactorEnrolment: () => signInOver,
  completeSecondFactorEnrolment: ({ input }) => {
    if (input.transport === 'COOKIE') throw new Error('no cookies are kept')
    return (input.factor.passkey && badPasskeyName(input.name)) || signInOver
  },
  confirmEmail: () => over,
  completeEmailChange: () => over,
  revertEmailChange: () => over,
  // Nobody who is signed in sends this one, nor any that is guarded.
  logout: () => ({ ended: false }),
})

/** What is wrong with a name of a passkey, if one is given. */
function badPasskeyName(typed) {
  if (typed == null) return null
  const name = typed.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, '')
  if (!name) return invalid('name', 'TOO_SHORT', 'A name has at least one character.')
  if ([...name].length > 64) return invalid('name', 'TOO_LONG', 'A name has at most 64 characters.')
  if (!/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u.test(name)) return null
  return invalid('name', 'INVALID_FORMAT', 'A name is one line, without control characters.')
}

const fieldResolver = (root) => (source, args, context, info) => {
  const { parentType, fieldName } = info
  const parent = parentType.name
  const { directives } = parentType.getFields()[fieldName].astNode
  if (parent === 'Mutation' && directives.some(({ name }) => name.value === 'auth')) throw new Error('nobody is signed in')
  if (parent === 'Query' || parent === 'Mutation') return root[fieldName](args, context)
  if (parent === 'User' && (fieldName === 'sessions' || fieldName === 'securityEvents')) {
    return page(source[fieldName].nodes, args)
  }
  return source[fieldName]
}

// Access tokens, those of flows, and challenges differ each time.
const kept = value =>
  value.startsWith('eyJ') ? 'a JWT' : value.startsWith('pcf_') ? 'a flow' : /^[\w-]{75}$/.test(value) ? 'a challenge' : value
const text = data => JSON.stringify(data, (_, value) => (typeof value === 'string' ? kept(value) : value))
const paths = errors => (errors ?? []).map(error => JSON.stringify(error.path)).sort().join()

// Lists of the schema's description come in another order.
const sorted = value => {
  if (Array.isArray(value)) return value.map(sorted).sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, sorted(inner)]))
}

const compare = (ours, theirs, query) => {
  // It answers null where there is no such kind of operation.
  const refused = theirs.data == null
  if (refused !== !('data' in ours)) return 'one refuses'
  if (refused) return null
  const order = /__schema|__type\b/.test(query) ? sorted : data => data
  if (text(order(ours.data)) !== text(order(theirs.data))) return 'data differ'
  return paths(ours.errors) === paths(theirs.errors) ? null : 'paths of errors differ'
}

// The scalar takes objects alone.
const onlyObjects = scalar => {
  scalar.parseValue = value => {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new Error('this is no object')
    return value
  }
  scalar.parseLiteral = (literal, variables) => scalar.parseValue(valueFromASTUntyped(literal, variables))
}

let schema, resolver
for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line)
  if (!schema) {
    schema = buildSchema(message.schema)
    onlyObjects(schema.getType('WebAuthnJson'))
    resolver = fieldResolver(roots(message.world))
    continue
  }
  const { request, signedIn, answer } = message
  const theirs = graphqlSync({
    schema,
    source: request.query,
    variableValues: request.variables,
    operationName: request.operationName,
    contextValue: { signedIn },
    fieldResolver: resolver,
    typeResolver: value => value.__typename,
  })
  console.log(JSON.stringify({ difference: compare(JSON.parse(answer), theirs, request.query), theirs }))
}
