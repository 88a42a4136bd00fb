// MCP's TypeScript library signs in. It prints where the browser has to go, and reads where that
// was sent to in the end. Arguments: the MCP endpoint, where this client is answered, and the row.

import assert from "node:assert/strict";
import { createInterface } from "node:readline/promises";
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [endpoint, redirect, row] = process.argv.slice(2);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const kept = {};
const authProvider = {
  redirectUrl: redirect,
  clientMetadata: {
    client_name: "TypeScript",
    redirect_uris: [redirect],
    grant_types: ["authorization_code", "refresh_token"],
    token_endpoint_auth_method: "none",
  },
  clientInformation: () => kept.client,
  saveClientInformation: (client) => void (kept.client = client),
  tokens: () => kept.tokens,
  saveTokens: (tokens) => void (kept.tokens = tokens),
  redirectToAuthorization: (url) => console.log(String(url)),
  saveCodeVerifier: (verifier) => void (kept.verifier = verifier),
  codeVerifier: () => kept.verifier,
};
const open = () => new StreamableHTTPClientTransport(new URL(endpoint), { authProvider });
const client = new Client({ name: "hosts", version: "0" });
const first = open();
await assert.rejects(client.connect(first), UnauthorizedError);
const answer = new URL((await lines.next()).value);
assert.ok(answer.searchParams.has("code"), `no code: ${answer}`);
await first.finishAuth(answer.searchParams.get("code"));
await client.connect(open());
const { tools } = await client.listTools();
const called = await client.callTool({ name: "gong_list_workspaces", arguments: {} });
assert.ok(!called.isError, called.content[0].text);
const { access_token: before, refresh_token } = kept.tokens;
assert.ok(refresh_token);
// A token that is none any more: the library refreshes by itself.
kept.tokens = { ...kept.tokens, access_token: "gg_none" };
await client.callTool({ name: "gong_list_workspaces", arguments: {} });
assert.ok(![before, "gg_none"].includes(kept.tokens.access_token));
await client.close();
console.log(`${row}, TypeScript library: ${tools.length} tools, and one refresh`);
process.exit(0);
