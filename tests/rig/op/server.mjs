// A real OpenID provider for the sign-in tests: npm `oidc-provider`, on loopback.
//
//   node tests/rig/op/server.mjs --port P --redirect URL --users users.json
//        [--after-logout URL] [--back-channel URL] [--token-auth client_secret_basic] [--client-jwks URL]
//
// Prints one JSON line when it listens: {"ready":true,"issuer":…,"clients":[{client_id,client_secret,alg}],…}.
// On SIGHUP the keys are replaced (the old ones are gone at once) and {"rotated":true,"kids":[…]} is printed; on SIGUSR2 new ones sign
// and the old ones stay published, as providers roll over. With --client-jwks a client shows a key instead of a secret: castgate-keys.
// The users file is read at every sign-in, so that a test can change it. Its pages take any password; the login is
// the user's key in the file, which is also the `sub`.
import { generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import { parseArgs } from 'node:util';
import { outside } from '../outside.mjs';

const { values: options } = parseArgs({
  options: {
    port: { type: 'string' },
    redirect: { type: 'string', multiple: true },
    users: { type: 'string', default: new URL('users.json', import.meta.url).pathname },
    'after-logout': { type: 'string', multiple: true, default: [] },
    'back-channel': { type: 'string' },
    'token-auth': { type: 'string', default: 'client_secret_basic' },
    'client-jwks': { type: 'string' },
  },
});
if (!options.port || !options.redirect) throw new Error('--port and --redirect are needed');

const { Provider } = await outside('oidc-provider');
const issuer = `http://127.0.0.1:${options.port}`;
const algorithms = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
};

let generation = 0;
function newKeys() {
  generation += 1;
  return Object.entries(algorithms).map(([alg, generate]) => {
    const key = generate().privateKey.export({ format: 'jwk' });
    return { ...key, alg, use: 'sig', kid: `${alg.toLowerCase()}-${generation}` };
  });
}

function readUsers() {
  return JSON.parse(fs.readFileSync(options.users, 'utf8'));
}

function findAccount(_context, sub) {
  const user = readUsers()[sub];
  if (!user) return undefined;
  const { groups } = user;
  const many = groups?.count && Array.from({ length: groups.count }, (_, i) => `${groups.prefix}${i + 1}`);
  return { accountId: sub, claims: () => ({ ...user, sub, groups: many || groups }) };
}

const proofs = Object.keys(algorithms).map((alg) => ({
  client_id: `castgate-${alg.toLowerCase()}`,
  client_secret: `castgate-${alg.toLowerCase()}-secret-of-the-tests`,
  id_token_signed_response_alg: alg,
  token_endpoint_auth_method: options['token-auth'],
}));
if (options['client-jwks']) {
  proofs.push({
    client_id: 'castgate-keys',
    id_token_signed_response_alg: 'ES256',
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    jwks_uri: options['client-jwks'],
  });
}
const clients = proofs.map((proof) => ({
  ...proof,
  redirect_uris: options.redirect,
  post_logout_redirect_uris: options['after-logout'],
  grant_types: ['authorization_code'],
  response_types: ['code'],
  ...(options['back-channel'] && {
    backchannel_logout_uri: options['back-channel'],
    backchannel_logout_session_required: true,
  }),
}));

// What the provider remembers outlives a change of its keys: who stands at its pages goes on.
const memory = new Map();
class Memory {
  constructor(model) {
    this.model = model;
  }

  key(id) {
    return `${this.model}:${id}`;
  }

  async upsert(id, payload) {
    memory.set(this.key(id), payload);
    if (payload.uid) memory.set(`uid:${payload.uid}`, id);
  }

  async find(id) {
    return memory.get(this.key(id));
  }

  async findByUid(uid) {
    return this.find(memory.get(`uid:${uid}`));
  }

  async findByUserCode() {
    return undefined;
  }

  async consume(id) {
    const payload = memory.get(this.key(id));
    if (payload) payload.consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    memory.delete(this.key(id));
  }

  async revokeByGrantId(grant) {
    for (const [key, payload] of memory) if (payload?.grantId === grant) memory.delete(key);
  }
}

function provide(keys) {
  const provider = new Provider(issuer, {
    adapter: Memory,
    jwks: { keys },
    clients,
    findAccount,
    cookies: { keys: ['the tests sign their cookies with this'] },
    scopes: ['openid', 'profile', 'email', 'groups'],
    claims: {
      // Groups come unasked, as from a provider whose admin has switched the claim on.
      openid: ['sub', 'groups'],
      groups: ['groups'],
      email: ['email', 'email_verified'],
      profile: ['name', 'given_name', 'family_name', 'preferred_username'],
    },
    conformIdTokenClaims: false, // claims are in the ID token too, as Okta and Entra have it
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      backchannelLogout: { enabled: true },
    },
    acrValues: ['urn:example:second-factor'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    // The provider's own guard against calls into a private network would forbid a gateway on loopback.
    fetch: (url, { dispatcher, ...init }) => fetch(url, init),
  });
  for (const event of ['authorization.error', 'grant.error', 'server_error', 'end_session.error', 'backchannel.error']) {
    provider.on(event, (_context, error) => {
      console.error(JSON.stringify({ event, error: error?.message, description: error?.error_description }));
    });
  }
  return provider.callback();
}

const tell = (line) => console.log(JSON.stringify(line));
let keys = newKeys();
let answer = provide(keys);
const server = http.createServer((request, response) => answer(request, response));

server.listen(Number(options.port), '127.0.0.1', () => {
  const credentials = clients.map((client) => ({
    client_id: client.client_id,
    client_secret: client.client_secret,
    alg: client.id_token_signed_response_alg,
  }));
  tell({ ready: true, issuer, clients: credentials, users: Object.keys(readUsers()), kids: keys.map((key) => key.kid) });
});
process.on('SIGHUP', () => {
  keys = newKeys();
  answer = provide(keys);
  tell({ rotated: true, kids: keys.map((key) => key.kid) });
});
process.on('SIGUSR2', () => {
  keys = [...newKeys(), ...keys];
  answer = provide(keys);
  tell({ rotated: true, kids: keys.map((key) => key.kid) });
});
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
