// gong.wasm in instances that outlive a call: calls break off in the middle, and run inside others.
// `jco transpile --instantiation async` made the module, so that the imports are ours.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { WASIShim } from "@bytecodealliance/preview2-shim/instantiation";
import { instantiate } from "./one-instance/gong.js";

// How many calls break off in one instance. jco leaves the guest's stack pointer where such a call
// had it, about 5 kB lower each time, and the stack has 1 MiB: after some 200 the instance traps.
const ERRORS = 100;
const IMPORTS = {
  getEnvironment: "wasi:cli/environment",
  now: "wasi:clocks/wall-clock",
  handle: "wasi:http/outgoing-handler",
};
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => name.startsWith("GONG_")),
);
// Answers name the range of time that they are about; one time for all calls makes them comparable.
const now = { seconds: BigInt(Math.floor(Date.now() / 1000)), nanoseconds: 0 };

const modules = {};
function compile(path) {
  const file = new URL(`one-instance/${path}`, import.meta.url);
  return (modules[path] ??= readFile(file).then(WebAssembly.compile));
}

/** An instance; a function in `during` runs in place of the import of that name. */
async function instance() {
  const wasi = new WASIShim({ sandbox: { env } }).getImportObject();
  const clock = wasi["wasi:clocks/monotonic-clock"];
  // This stand-in has no rate limit, so no call has to wait for its turn. Ends of exchanges stay.
  const subscribeDuration = (duration) => clock.subscribeDuration(duration > 10_000_000_000n ? duration : 0n);
  wasi["wasi:clocks/monotonic-clock"] = { ...clock, subscribeDuration };
  const original = { now: () => now };
  const during = {};
  for (const [name, from] of Object.entries(IMPORTS)) {
    original[name] ??= wasi[from][name];
    const run = (...values) => (during[name] ?? original[name])(...values);
    wasi[from] = { ...wasi[from], [name]: run };
  }
  let memory;
  const gong = await instantiate(compile, wasi, async (module, imports) => {
    const core = await WebAssembly.instantiate(module, imports);
    memory ??= core.exports.memory;
    return core;
  });
  return { gong, original, during, bytes: () => memory.buffer.byteLength };
}

const one = await instance();
const { id } = one.gong.gongSearchCalls({ limit: 1 }).calls[0];
// Each has a text or a list among its arguments: the host allocates those before it calls.
const CALLS = {
  workspaces: (gong) => gong.gongListWorkspaces({ query: "sales" }),
  users: (gong) => gong.gongListUsers({ query: "account executive", limit: 3 }),
  search: (gong) => gong.gongSearchCalls({ title: "review", people: true, limit: 5 }),
  // Several pages, each a request.
  count: (gong) => gong.gongCountCalls({ title: "review", by: ["account", "host"] }),
  call: (gong) => gong.gongGetCall({ call: id, include: ["people", "outline"] }),
  unknown: (gong) => gong.gongGetCall({ call: "1", include: ["people"] }),
};
const NAMES = Object.keys(CALLS);

/** The tool's answer or its error; any other error is thrown. */
function answer(gong, name) {
  try {
    return CALLS[name](gong);
  } catch (error) {
    if (error.payload === undefined) throw error;
    return error.payload;
  }
}

const right = Object.fromEntries(NAMES.map((name) => [name, answer(one.gong, name)]));
assert.equal(right.workspaces.workspaces.length, 1);
assert.equal(right.users.users.length, 3);
assert.equal(right.search.calls.length, 5);
assert.ok(right.count.requests > 1);
assert.equal(right.call.id, id);
assert.equal(typeof right.unknown.tag, "string");

/** After the host fails in the middle of a call, the next call's answer is right. */
async function hostErrors(name) {
  const { gong, during, bytes } = await instance();
  const before = bytes();
  for (let error = 1; error <= ERRORS; error++) {
    during[name] = () => {
      throw new Error("the host fails");
    };
    assert.throws(() => CALLS.search(gong), { message: "the host fails" });
    delete during[name];
    const next = NAMES[error % NAMES.length];
    assert.deepEqual(answer(gong, next), right[next], `${next} after error ${error} of ${name}`);
  }
  // What a call has allocated until it breaks off is lost: a few kB.
  const grown = bytes() - before;
  assert.ok(grown <= 1 << 20, `after ${ERRORS} errors of ${name}: ${grown} bytes more`);
}

/** jco does not enter an instance again that trapped, and says so. All others are as before. */
async function trap() {
  const { gong, during } = await instance();
  assert.deepEqual(answer(gong, "users"), right.users);
  // A list of 4 GiB fits in no memory: `cabi_realloc` traps.
  during.getEnvironment = () => new Array(2 ** 28 - 1);
  assert.throws(() => CALLS.search(gong), { name: "RuntimeError", message: /unreachable/ });
  delete during.getEnvironment;
  const { gong: fresh } = await instance();
  for (const name of NAMES) {
    assert.throws(() => answer(gong, name), { name: "RuntimeError", message: /cannot enter/ });
    assert.deepEqual(answer(one.gong, name), right[name], `${name} in the older instance`);
    assert.deepEqual(answer(fresh, name), right[name], `${name} in a fresh instance`);
  }
}

/** jco enters an instance while another call of it is in an import: both answers are right. */
function twoInFlight(name) {
  const { gong, original, during } = one;
  for (const outer of NAMES) {
    for (const inner of NAMES) {
      let entered = 0;
      during[name] = function enter(...values) {
        delete during[name];
        assert.deepEqual(answer(gong, inner), right[inner], `${inner} in ${name} of ${outer}`);
        during[name] = enter;
        entered += 1;
        return original[name](...values);
      };
      assert.deepEqual(answer(gong, outer), right[outer], `${outer} with ${inner} in ${name}`);
      delete during[name];
      assert.ok(entered > 0, `${outer} does not call ${name}`);
    }
  }
}

for (const name of Object.keys(IMPORTS)) await hostErrors(name);
await trap();
for (const name of Object.keys(IMPORTS)) twoInFlight(name);
const imports = Object.keys(IMPORTS).length;
const [errors, pairs] = [imports * ERRORS, imports * NAMES.length ** 2];
console.log(`gong.wasm in one instance: ${errors} host errors, a trap, ${pairs} nested calls`);
