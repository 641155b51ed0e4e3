import { errors, interactionPolicy } from 'oidc-provider';
import { SIGNING_ALGORITHM } from './identity-keys.ts';
import { createMemoryStore, messagePage } from './sign-in.ts';
import type {
  ClientMetadata,
  Configuration,
  Grant,
  KoaContextWithOIDC,
  ResourceServer,
} from 'oidc-provider';
import type { IdentityKeys } from './identity-keys.ts';
import type { Client, Person, ServiceClient } from './people.ts';

/** The one scope of the graph; what a holder may do is in the roles. */
export const GRAPH_SCOPE = 'graph';
export const ACCESS_TOKEN_SECONDS = 3_600;
const SESSION_SECONDS = 7 * 24 * 3_600;

export interface IdentityRules {
  readonly audience: string;
  readonly people: readonly Person[];
  readonly clients: readonly Client[];
  /** The only origin that may sign people in. */
  readonly gatewayOrigin: string;
}

/** All that the library must know of the house: people, programs, claims, lifetimes. */
export function openIdConfiguration(rules: IdentityRules, keys: IdentityKeys): Configuration {
  return {
    adapter: createMemoryStore(),
    jwks: { keys: [{ ...keys.signing, alg: SIGNING_ALGORITHM, use: 'sig' }] },
    cookies: { keys: [keys.cookie] },
    clients: rules.clients.map((client) => clientMetadata(client, rules.gatewayOrigin)),
    clientDefaults: { id_token_signed_response_alg: SIGNING_ALGORITHM },
    clientBasedCORS: (_ctx, origin) => origin === rules.gatewayOrigin,
    pkce: { required: () => true },
    scopes: ['openid', 'profile', 'offline_access', GRAPH_SCOPE],
    ...identification(rules),
    ...lifetimes(),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      revocation: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource, postLogoutSuccessSource },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => rules.audience,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, resource) => {
          if (resource === rules.audience) return resourceServer(rules.audience);
          throw new errors.InvalidTarget(`the only resource is ${rules.audience}`);
        },
      },
    },
    renderError: (ctx, out) => {
      ctx.type = 'html';
      ctx.body = messagePage(
        'Signing in failed',
        '',
        `${out.error}: ${out.error_description ?? ''}`,
      );
    },
  };
}

/** JWT access tokens by RFC 9068. */
export function resourceServer(audience: string): ResourceServer {
  const sign = { alg: SIGNING_ALGORITHM } as const;
  return {
    scope: GRAPH_SCOPE,
    audience,
    accessTokenTTL: ACCESS_TOKEN_SECONDS,
    accessTokenFormat: 'jwt',
    jwt: { sign },
  };
}

/** Who somebody is, what a token says of them, and how one signs in. */
function identification({ people, clients, audience }: IdentityRules) {
  const policy = interactionPolicy.base();
  // The programs are our own: nobody is asked whether one may act for a person.
  policy.remove('consent');
  const persons = new Map(people.map((person) => [person.login, person]));
  const services = new Map(clients.filter(isService).map((client) => [client.clientId, client]));
  return {
    interactions: { policy, url: (_ctx, interaction) => `/login/${interaction.uid}` },
    loadExistingGrant: (ctx) => grantEverything(ctx, audience),
    conformIdTokenClaims: false,
    claims: { openid: ['sub'], profile: ['name', 'roles', 'companies', 'cost_centres'] },
    findAccount: (_ctx, login) => {
      const person = persons.get(login);
      return (
        person && { accountId: login, claims: async () => ({ sub: login, ...claimsOf(person) }) }
      );
    },
    extraTokenClaims: (_ctx, token) => {
      const holder =
        token.kind === 'AccessToken'
          ? persons.get(token.accountId)
          : services.get(token.clientId ?? '');
      return holder && claimsOf(holder);
    },
  } satisfies Configuration;
}

function lifetimes() {
  return {
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    ttl: {
      AuthorizationCode: 60,
      AccessToken: ACCESS_TOKEN_SECONDS,
      ClientCredentials: ACCESS_TOKEN_SECONDS,
      IdToken: ACCESS_TOKEN_SECONDS,
      Interaction: ACCESS_TOKEN_SECONDS,
      RefreshToken: SESSION_SECONDS,
      Grant: SESSION_SECONDS,
      Session: SESSION_SECONDS,
    },
  } satisfies Configuration;
}

function isService(client: Client): client is ServiceClient {
  return client.kind === 'service';
}

function clientMetadata(client: Client, gatewayOrigin: string): ClientMetadata {
  const common = { client_id: client.clientId, client_name: client.name };
  if (isService(client)) {
    return {
      ...common,
      client_secret: client.developmentSecret,
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      scope: GRAPH_SCOPE,
    };
  }
  const redirects = client.redirectPaths.map((path) => `${gatewayOrigin}${path}`);
  return {
    ...common,
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: redirects,
    post_logout_redirect_uris: redirects,
    scope: `openid profile offline_access ${GRAPH_SCOPE}`,
  };
}

function claimsOf(holder: Person | ServiceClient): Record<string, unknown> {
  return {
    name: holder.name,
    roles: holder.roles,
    companies: holder.companies,
    cost_centres: holder.costCentres,
  };
}

async function grantEverything(
  ctx: KoaContextWithOIDC,
  audience: string,
): Promise<Grant | undefined> {
  const { client, session, provider } = ctx.oidc;
  if (client === undefined || session?.accountId === undefined) return undefined;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope('openid profile offline_access');
  grant.addResourceScope(audience, GRAPH_SCOPE);
  await grant.save();
  return grant;
}

function logoutSource(ctx: KoaContextWithOIDC, form: string): void {
  const button =
    '<button form="op.logoutForm" name="logout" value="yes" autofocus>Sign out</button>';
  ctx.body = messagePage('Sign out', `${form}${button}`);
}

function postLogoutSuccessSource(ctx: KoaContextWithOIDC): void {
  ctx.body = messagePage('Signed out', '<p>You can close this page.</p>');
}
