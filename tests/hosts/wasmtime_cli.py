"""gong-server.wasm under wasmtime's own command line, used by MCP's Python library."""

from clients import ask, converse
from mcp import StdioServerParameters
from servers import stand_in, wasmtime_run, wasmtime_serve

with stand_in() as settings:
    settings |= {"MCP_TOOLSETS": "all"}
    command, *arguments = wasmtime_run(settings)
    converse("wasmtime run", StdioServerParameters(command=command, args=arguments))
    with wasmtime_serve(settings) as url:
        converse("wasmtime serve", url)

    # Its key-value store begins empty whenever it is opened, which must not pass for a limit kept.
    paced = {"GONG_PACE": "host", "RATE_LIMIT_REQUESTS_PER_SECOND": "3", "RATE_LIMIT_REQUESTS_PER_DAY": "10000"}
    settings |= paced | {"RATE_LIMIT_STORE": ""}
    with wasmtime_serve(settings, "gong-server-rate-limited.wasm", ["-Skeyvalue"]) as url:
        failed, text = ask(url, "gong_list_workspaces")
        assert failed and "(RATE_LIMIT_STORE) forgets" in text, text
    print("wasmtime serve -Skeyvalue: its store is told from one that is shared")
