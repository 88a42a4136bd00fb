"""Node: gong.wasm as a JavaScript module, and gong-server.wasm served by jco, used by MCP's
Python and TypeScript libraries and by MCP's inspector."""

import json
import os
import subprocess

from clients import converse
from servers import DIST, JCO, MODULES, NODE, WORK, jco_serve, stand_in, wasmtime_run

INSPECTOR = MODULES / "@modelcontextprotocol/inspector/clients/launcher/build/index.js"


def node(*words, env=None):
    subprocess.run([NODE, *words], env=os.environ | (env or {}), check=True, timeout=300)


def inspect(url, method, *words):
    """What the inspector says, and how it ends: 0 is good."""
    command = [NODE, INSPECTOR, "--cli", url, "--method", method, *words]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=300)
    return ran.returncode, ran.stdout + ran.stderr


def transpile(directory, *more):
    words = [DIST / "gong.wasm", "--out-dir", WORK / directory, "--name", "gong", "--quiet", *more]
    subprocess.run([*JCO, "transpile", *words], check=True, timeout=300)


with stand_in() as settings:
    transpile("gong")
    node(WORK / "component.mjs", env=settings)
    transpile("one-instance", "--instantiation", "async")
    node(WORK / "one_instance.mjs", env=settings)

    settings |= {"MCP_TOOLSETS": "all"}
    with jco_serve(settings) as url:
        converse("jco serve", url)
        node(WORK / "sdk.mjs", "jco serve", url)
        # Strict looks for schemas that some model or client can not take.
        code, said = inspect(url, "tools/list", "--strict")
        assert code == 0, said
        tools = json.loads(said)["tools"]
        code, said = inspect(
            url, "tools/call", "--tool-name", "gong_search_calls", "--tool-arg", "limit=1"
        )
        assert code == 0, said
        assert len(json.loads(said)["structuredContent"]["calls"]) == 1, said
        code, said = inspect(url, "tools/call", "--tool-name", "gong_get_call", "--tool-arg", "call=1")
        assert code != 0 and "isError" in said, (code, said)
        print(f"jco serve, inspector: {len(tools)} tools, none of them against --strict; 2 calls")
    node(WORK / "sdk.mjs", "wasmtime run", *wasmtime_run(settings))
