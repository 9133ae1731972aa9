// One tab for each operation. The tab's title is the operation's name.
import operations from 'operations';

// What the variables of the collections are on this page, which fills in the refresh token by itself.
const values = {
  email: 'ada@example.com',
  username: 'ada',
  password: 'correct horse battery staple',
  refreshToken: '',
  firstSessionId: '',
  link: '',
};

// An account is deleted only by somebody who typed its password. Mails go to the account of the other tabs.
const byHand = {
  DeleteAccount: { input: { password: '' } },
  StartPasswordReset: { input: { email: '{{email}}' } },
  StartEmailSignIn: { input: { email: '{{email}}' } },
};

const fill = (_, value) =>
  typeof value === 'string' ? value.replace(/\{\{(\w+)\}\}/g, (_, name) => values[name]) : value;

export const examples = operations.map(({ name, query, variables }) => ({
  query,
  variables: variables && JSON.stringify(byHand[name] ?? variables, fill, 2),
}));
