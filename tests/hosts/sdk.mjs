// A server used by MCP's TypeScript library. Arguments: the row, then a URL or a command.

import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [row, target, ...args] = process.argv.slice(2);
const transport = target.startsWith("http")
  ? new StreamableHTTPClientTransport(new URL(target))
  : new StdioClientTransport({ command: target, args });
const client = new Client({ name: "hosts", version: "0" });
await client.connect(transport);
// From here on the library compares structured answers with the schemas that were listed.
const { tools } = await client.listTools();
const call = async (name, args) => {
  const result = await client.callTool({ name, arguments: args });
  assert.ok(!result.isError, `${name}: ${result.content[0].text}`);
  return result.structuredContent;
};
const { workspaces } = await call("gong_list_workspaces", {});
assert.equal(workspaces.length, 2);
const { calls } = await call("gong_search_calls", { limit: 2 });
// Strict mode sends every argument, and n8n adds its own.
const { properties } = tools.find(({ name }) => name === "gong_search_calls").inputSchema;
const nothing = { string: "", integer: null, boolean: null, array: [] };
const strict = Object.entries(properties).map(([name, { type }]) => [name, nothing[type]]);
const n8n = { toolCallId: "call_1", sessionId: "s1", action: "sendMessage", chatInput: "Acme?" };
for (const more of [Object.fromEntries(strict), n8n]) {
  const same = await call("gong_search_calls", { ...more, limit: 2 });
  assert.deepEqual(same.calls, calls);
}
const { users } = await call("gong_list_users", { limit: 1 });
for (const name of ["gong_grant_call_access", "gong_revoke_call_access"]) {
  await call(name, { call: calls[0].id, users: [users[0].email], dry_run: true });
}
const wrong = await client.callTool({ name: "gong_get_call", arguments: { call: "1" } });
assert.ok(wrong.isError);
await assert.rejects(client.callTool({ name: "no_such_tool_at_all" }), { code: -32602 });
const abort = new AbortController();
const slow = client.callTool(
  { name: "gong_search_transcripts", arguments: { query: "pricing", limit: 50 } },
  undefined,
  { signal: abort.signal },
);
setTimeout(() => abort.abort(), 200);
await assert.rejects(slow, /abort/i);
await call("gong_list_workspaces", {});
const { prompts } = await client.listPrompts();
const { resources } = await client.listResources();
for (const { uri } of resources) await client.readResource({ uri });
await client.close();
console.log(
  `${row}, TypeScript library: ${tools.length} tools, ${prompts.length} prompts,` +
    ` ${resources.length} resources`,
);
