// gong.wasm as a JavaScript module: `jco transpile` made it, preview2-shim is its WASI.

import assert from "node:assert/strict";
import * as gong from "./gong/gong.js";

const { workspaces } = gong.gongListWorkspaces({});
assert.deepEqual(workspaces.map((one) => one.name).sort(), ["Customer Success", "Sales"]);
const page = gong.gongSearchCalls({ limit: 2 });
assert.equal(page.calls.length, 2);
const { users } = gong.gongListUsers({ limit: 1 });
const change = gong.gongGrantCallAccess({
  call: page.calls[0].id,
  users: [users[0].email],
  dryRun: true,
});
assert.match(JSON.stringify(change), /users-access/);
assert.throws(
  () => gong.gongGetCall({ call: "1", include: [] }),
  (error) => typeof error.payload.tag === "string" && error.payload.val.length > 0,
);
const tools = Object.keys(gong).filter((name) => /^gong[A-Z]/.test(name));
console.log(`gong.wasm by jco transpile: ${tools.length} typed tools, 4 called, an error`);
