// What the loads of .ci/upgrade and deploy/cluster/try send, and what they find in the answers.

/** The answer as JSON. Throws where there is none. */
export const send = async (url, query, input, token, signal) => {
  const headers = { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables: input && { input } }), signal })
  const text = await response.text()
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(`HTTP ${response.status} without JSON`)
  }
}

const outcome = (field, type, input, fields) => ({
  query: `mutation Send($input: ${type}!) { ${field}(input: $input) { __typename ${fields} ... on UserError { code } } }`,
  find: answer => answer.data?.[field]?.__typename,
})
const tokens = 'user { id } tokens { accessToken refreshToken }'
export const register = outcome('register', 'RegisterInput', 'input', `... on RegisterSuccess { ${tokens} }`)
export const login = outcome('login', 'LoginInput', 'input', `... on LoginSuccess { ${tokens} }`)
export const refresh = outcome('refreshToken', 'RefreshTokenInput', 'input', `... on RefreshTokenSuccess { ${tokens} }`)
export const change = outcome('changePassword', 'ChangePasswordInput', 'input', '')
export const ME = 'query Me { me { id } }'
export const LOGOUT = 'mutation Logout { logout { ended } }'
export const reason = answer => answer.errors?.[0]?.extensions?.reason
