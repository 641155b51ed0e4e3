import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';
import type { Person } from './people.ts';

/** Sessions, codes and refresh tokens kept at once; beyond that the oldest is forgotten. */
const RECORDS_MAX = 10_000;

/** The provider's state for one process: it ends with it, and people sign in again. */
export function createMemoryStore(): AdapterFactory {
  const records = new Map<string, AdapterPayload>();
  return (model) => memoryAdapter(model, records);
}

function memoryAdapter(model: string, records: Map<string, AdapterPayload>): Adapter {
  const key = (id: string): string => `${model}:${id}`;
  const findBy = (matches: (payload: AdapterPayload) => boolean): AdapterPayload | undefined =>
    [...records].find(([name, payload]) => name.startsWith(`${model}:`) && matches(payload))?.[1];
  return {
    upsert: async (id, payload) => {
      records.delete(key(id));
      records.set(key(id), payload);
      const oldest = records.keys().next().value;
      if (records.size > RECORDS_MAX && oldest !== undefined) records.delete(oldest);
    },
    find: async (id) => records.get(key(id)),
    findByUid: async (uid) => findBy((payload) => payload.uid === uid),
    findByUserCode: async (userCode) => findBy((payload) => payload.userCode === userCode),
    consume: async (id) => {
      const payload = records.get(key(id));
      if (payload !== undefined)
        payload.consumed = Math.floor(performance.timeOrigin / 1_000 + performance.now() / 1_000);
    },
    destroy: async (id) => void records.delete(key(id)),
    revokeByGrantId: async (grantId) => {
      for (const [name, payload] of records) if (payload.grantId === grantId) records.delete(name);
    },
  };
}

/** The login form: one button per person, and two fields for who prefers to type. */
export function loginPage(people: readonly Person[], problem: string | null): string {
  const choices = people.map((person) => {
    const login = escapeHtml(person.login);
    const scope = `${person.roles.join(', ')}; ${person.companies.includes('*') ? 'all companies' : person.companies.join(', ')}`;
    return `<form method="post"><input type="hidden" name="login" value="${login}"><input type="hidden" name="password" value="${login}">
<button><b>${login}</b> ${escapeHtml(person.name)} <small>${escapeHtml(scope)}</small></button></form>`;
  });
  const typed = `<form method="post"><label>Login <input name="login" autocomplete="username" autofocus required></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label><button>Sign in</button></form>`;
  return messagePage('Sign in', `${typed}<h2>or choose</h2>${choices.join('\n')}`, problem);
}

/** A page of the provider. `html` is put in as it is; `problem` is text. */
export function messagePage(title: string, html: string, problem: string | null = null): string {
  const alert = problem === null ? '' : `<p role="alert">${escapeHtml(problem)}</p>`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)} · Concord</title><style>
body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem;color:#1a1f2b;background:#fff}
button,input{font:inherit;padding:.5rem .75rem;border:1px solid #6b7385;border-radius:.4rem;background:#fff;color:inherit}
button{cursor:pointer;text-align:left;width:100%;margin:.2rem 0}button:hover{background:#eef2fb}label{display:block;margin:.4rem 0}
small{color:#515a6e}[role=alert]{border-left:4px solid #b3261e;padding:.5rem 1rem;background:#fdf0ef}h2{font-size:1rem}
@media (prefers-color-scheme:dark){body,button,input{background:#12151c;color:#e8ebf2}button:hover{background:#232a38}small{color:#aab2c5}[role=alert]{background:#3a1a18}}
</style></head><body><main><h1>${escapeHtml(title)}</h1>${alert}${html}<p><small>Development identity provider: the password is the login.</small></p></main></body></html>`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
