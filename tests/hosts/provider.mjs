// A company's OpenID provider, by oidc-provider: people with groups, keys that rotate, outages.
// Arguments: the port, and the redirect addresses of the gateway, which is its one confidential
// client. POST /control changes it: {"people": {...}, "down": true, "rotate": true}.

import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const [port, ...redirects] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const state = { people: {}, down: false };

function newKey() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), alg: "RS256", use: "sig" };
}

// Where sessions, grants and tokens are. It outlives a change of keys.
const stored = new Map();
class Store {
  constructor(model) {
    this.model = model;
  }
  upsert = async (id, payload) => void stored.set(`${this.model} ${id}`, payload);
  find = async (id) => stored.get(`${this.model} ${id}`);
  findByUid = async (uid) => [...stored.values()].find((one) => one.uid === uid);
  findByUserCode = async (code) => [...stored.values()].find((one) => one.userCode === code);
  consume = async (id) => void ((await this.find(id)).consumed = Math.floor(Date.now() / 1000));
  destroy = async (id) => void stored.delete(`${this.model} ${id}`);
  revokeByGrantId = async (grant) => {
    for (const [id, one] of stored) if (one.grantId === grant) stored.delete(id);
  };
}

function provider(key) {
  return new Provider(issuer, {
    clients: [
      {
        client_id: "gong-gateway",
        client_secret: process.env.CLIENT_SECRET,
        redirect_uris: redirects,
        grant_types: ["authorization_code", "refresh_token"],
      },
    ],
    adapter: Store,
    jwks: { keys: [key] },
    cookies: { keys: ["cookies of a test"] },
    scopes: ["openid", "offline_access", "profile", "email", "tools:read"],
    claims: { openid: ["sub", "groups"], email: ["email", "email_verified"], profile: ["name"] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    findAccount: (_, name) => {
      const groups = state.people[name];
      if (!groups) return undefined;
      const email = `${name}@acme.example`;
      return { accountId: name, claims: () => ({ sub: name, email, email_verified: true, groups }) };
    },
    features: {
      devInteractions: { enabled: true },
      // AI clients register here themselves, where the gateway issues no tokens.
      registration: { enabled: true },
      // An API of the company's, for whose tokens the gateway is a resource server alone.
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        getResourceServerInfo: (_, resource) => ({
          audience: resource,
          scope: "tools:read tools:write",
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
    extraTokenClaims: (_, { accountId: name }) => ({
      email: `${name}@acme.example`,
      groups: state.people[name] ?? [],
    }),
    // The gateway gets a refresh token only as OpenID Connect has it, with `prompt=consent`.
    issueRefreshToken: (_, client, code) =>
      client.clientId !== "gong-gateway" || code.scopes.has("offline_access"),
  }).callback();
}

let handle = provider(newKey());

async function control(request, response) {
  let body = "";
  for await (const part of request) body += part;
  const { rotate, ...changes } = JSON.parse(body);
  Object.assign(state, changes);
  if (rotate) handle = provider(newKey());
  response.end();
}

const server = createServer((request, response) => {
  if (request.url === "/control") return control(request, response);
  if (state.down) return response.writeHead(503).end();
  return handle(request, response);
});
server.listen(Number(port), "127.0.0.1");
