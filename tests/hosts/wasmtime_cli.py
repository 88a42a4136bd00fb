"""gong-server.wasm under wasmtime's own command line, asked by MCP's Python library."""

from clients import converse
from mcp import StdioServerParameters
from servers import stand_in, wasmtime_run, wasmtime_serve

with stand_in() as settings:
    settings |= {"MCP_TOOLSETS": "all"}
    command, *arguments = wasmtime_run(settings)
    converse("wasmtime run", StdioServerParameters(command=command, args=arguments))
    with wasmtime_serve(settings) as url:
        converse("wasmtime serve", url)
