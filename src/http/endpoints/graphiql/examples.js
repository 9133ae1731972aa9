// One tab for each operation. The tab's title is the operation's name.

const SIGNED_IN = `user { id email username }
      session { id expiresAt }
      tokens {
        accessToken
        accessTokenExpiresAt
        refreshToken
        tokenType
      }`;

const register = `# Creates an account and signs it in.
mutation Register($input: RegisterInput!) {
  register(input: $input) {
    __typename
    ... on RegisterSuccess {
      ${SIGNED_IN}
    }
    ... on UserError { code message }
    ... on InvalidInput { fields { path code message } }
    ... on RateLimited { retryAfter }
  }
}
`;

const login = `# Signs in with the e-mail address or the username. Where the server
# keeps cookies, "transport": "COOKIE" puts the refresh token into one.
mutation Login($input: LoginInput!) {
  login(input: $input) {
    __typename
    ... on LoginSuccess {
      ${SIGNED_IN}
    }
    ... on UserError { code message }
    ... on RateLimited { retryAfter }
  }
}
`;

const refreshToken = `# Goes on with the session: new tokens. The refresh token of
# the last sign-in or refresh is sent where it is left empty, or
# that in the cookie.
mutation RefreshToken($input: RefreshTokenInput!) {
  refreshToken(input: $input) {
    __typename
    ... on RefreshTokenSuccess {
      ${SIGNED_IN}
    }
    ... on UserError { code message }
    ... on InvalidRefreshToken { reason }
    ... on RateLimited { retryAfter }
  }
}
`;

const sessions = `# Where the account is signed in, newest first.
query Sessions($first: Int, $after: String) {
  me {
    sessions(first: $first, after: $after) {
      nodes {
        id
        current
        createdAt
        lastUsedAt
        expiresAt
        userAgent
        ipAddress
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}
`;

const securityEvents = `# What happened to the account, newest first.
query SecurityEvents($first: Int, $after: String) {
  me {
    securityEvents(first: $first, after: $after) {
      nodes {
        kind
        occurredAt
        ipAddress
        userAgent
        sessionId
        requestId
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}
`;

const revokeSession = `# Ends one of the account's sessions: take its id from Sessions.
mutation RevokeSession($input: RevokeSessionInput!) {
  revokeSession(input: $input) {
    __typename
    ... on RevokeSessionSuccess { endedSessionId }
    ... on UserError { code message }
  }
}
`;

const revokeOtherSessions = `# Ends all the account's sessions but this one.
mutation RevokeOtherSessions {
  revokeOtherSessions {
    ... on RevokeOtherSessionsSuccess { endedCount }
  }
}
`;

const changePassword = `# Changes the password, and ends all sessions but this one.
mutation ChangePassword($input: ChangePasswordInput!) {
  changePassword(input: $input) {
    __typename
    ... on ChangePasswordSuccess { endedCount }
    ... on UserError { code message }
    ... on InvalidInput { fields { path code message } }
    ... on WeakPassword { suggestions }
    ... on RateLimited { retryAfter }
  }
}
`;

const deleteAccount = `# Deletes the account: its sessions end, its names are free.
mutation DeleteAccount($input: DeleteAccountInput!) {
  deleteAccount(input: $input) {
    __typename
    ... on DeleteAccountSuccess { deletedAt keptUntil }
    ... on UserError { code message }
    ... on RateLimited { retryAfter }
  }
}
`;

const me = `# Who is signed in. The access token of the last sign-in
# is sent along: run Register or Login first.
query Me {
  me { id email username roles createdAt }
}
`;

const logout = `# Ends the session. Run Me again afterwards: its token
# is still sent, and refused.
mutation Logout {
  logout { ended }
}
`;

const json = (input) => JSON.stringify({ input }, null, 2);
const password = 'correct horse battery staple';

export const examples = [
  { query: register, variables: json({ email: 'ada@example.com', username: 'ada', password }) },
  { query: login, variables: json({ identifier: 'ada@example.com', password }) },
  { query: me },
  { query: refreshToken, variables: json({ refreshToken: '' }) },
  { query: sessions, variables: JSON.stringify({ first: 20, after: null }, null, 2) },
  { query: securityEvents, variables: JSON.stringify({ first: 20, after: null }, null, 2) },
  { query: revokeSession, variables: json({ id: '' }) },
  { query: revokeOtherSessions },
  { query: changePassword, variables: json({ currentPassword: password, newPassword: `${password} too` }) },
  { query: deleteAccount, variables: json({ password: '' }) },
  { query: logout },
];
