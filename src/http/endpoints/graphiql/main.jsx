import { useSyncExternalStore } from 'react';
import { createRoot } from 'react-dom/client';
import { GraphiQL } from 'graphiql';
import 'graphiql/style.css';
import './page.css';
import { examples } from './examples.js';
import { fetcher, session } from './session.js';

function sentence({ signedIn, name, note }) {
  if (!signedIn) return 'Not signed in';
  const who = name ? ` as ${name}` : '';
  if (!note) return `Signed in${who}: the token of the last sign-in is sent`;
  if (note === 'signed out') return `Signed out: the token of the ended session is still sent`;
  return `Token refused (${note}): it is still sent`;
}

function SessionStatus() {
  const status = useSyncExternalStore(session.subscribe, session.status);
  const state = !status.signedIn ? 'none' : status.note ? 'refused' : 'good';
  return (
    <div className="session-status">
      <span role="status" data-state={state}>{sentence(status)}</span>
      {status.signedIn && (
        <button
          type="button"
          className="graphiql-button"
          onClick={session.forget}
          title="Stop sending it. It is kept in this page's memory only, so a reload forgets it too. An Authorization of your own in the Headers pane goes before it."
        >
          Forget token
        </button>
      )}
    </div>
  );
}

// storage={null}: nothing is persisted. Variables hold passwords and answers hold tokens.
// variables: GraphiQL takes the first tab's query from defaultTabs, but not its variables.
createRoot(document.getElementById('graphiql')).render(
  <GraphiQL
    fetcher={fetcher}
    defaultTabs={examples}
    variables={examples[0].variables}
    defaultQuery={'# Ctrl+Space completes, Ctrl+Enter runs.\n\n'}
    defaultEditorToolsVisibility="variables"
    shouldPersistHeaders={false}
    storage={null}
  >
    <GraphiQL.Logo>Portcullis</GraphiQL.Logo>
    <GraphiQL.Footer>
      <SessionStatus />
    </GraphiQL.Footer>
  </GraphiQL>,
);
