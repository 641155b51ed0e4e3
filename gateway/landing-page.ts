import type { HttpReply } from '#kernel/http.ts';

/** What a person sees who opens the endpoint in a browser. No script, and no asset from anywhere. */
export function landingPage(): HttpReply {
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
    },
    body: PAGE,
  };
}

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Concord: the graph</title>
<style>body{font:16px/1.5 system-ui;max-width:46rem;margin:3rem auto;padding:0 1rem}pre{background:#f3f3f0;padding:1rem;overflow:auto}</style>
<h1>Concord</h1>
<p>This address answers GraphQL: <code>POST</code> with JSON, or a WebSocket (<code>graphql-transport-ws</code>).
Every operation needs an access token. In a development checkout:</p>
<pre>TOKEN=$(npm run -s token -- requestor)
curl -s http://localhost:4000/graphql \\
  -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' \\
  -d '{"query":"{ suppliers(first: 3) { nodes { id legalName } } }"}'</pre>
<p>Subscriptions send the same token as <code>{"authorization":"Bearer …"}</code> in <code>connection_init</code>,
and resume with <code>after</code>. The schema is in the registry; introspection needs the role architect or auditor.
Quote the <code>x-correlation-id</code> of an answer when you ask for help.</p>
</html>
`;
