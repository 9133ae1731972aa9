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

const login = `# Signs in with the e-mail address or the username.
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
  { query: logout },
];
