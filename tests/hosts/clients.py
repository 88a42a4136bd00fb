"""What a client does with a server: the one conversation that every server must hold."""

import anyio
from jsonschema import Draft202012Validator
from mcp import Client, MCPError

#: A call for each effect that a tool can have. What changes something does so as a dry run.
CALLS = [
    ("gong_list_workspaces", {}),
    ("gong_search_calls", {"limit": 2}),
    ("gong_count_calls", {"by": ["host"], "limit": 5}),
    (
        "gong_ask_account",
        {"crm_account": "Acme Corp", "question": "What could delay them?", "workspace": "Sales"},
    ),
    ("gong_grant_call_access", {"call": "{call}", "users": ["{user}"], "dry_run": True}),
    (
        "gong_assign_flow",
        {
            "flow": "{flow}",
            "owner": "{user}",
            "prospects": ["0035e00000AbCdEAAV"],
            "dry_run": True,
        },
    ),
    ("gong_revoke_call_access", {"call": "{call}", "users": ["{user}"], "dry_run": True}),
    ("gong_erase_personal_data", {"email": "nobody@acme.example", "dry_run": True}),
]

#: What n8n adds to the arguments of every tool.
N8N = {"toolCallId": "call_1", "sessionId": "s1", "action": "sendMessage", "chatInput": "Acme?"}
#: What clients send for an argument without a value, where their strict mode wants all arguments.
NOTHING = {"string": "", "integer": None, "boolean": None, "array": []}


def strictly(arguments, tool):
    """Arguments with every other argument of the tool's schema present, as strict mode has them."""
    properties = tool.input_schema["properties"]
    return {name: NOTHING[one["type"]] for name, one in properties.items()} | arguments


def fill(value, known):
    """Puts what was found into the arguments of a later call."""
    if isinstance(value, str):
        return value.format(**known)
    if isinstance(value, list):
        return [fill(one, known) for one in value]
    if isinstance(value, dict):
        return {name: fill(one, known) for name, one in value.items()}
    return value


async def talk(server, mode, revision):
    """Holds the conversation with `server`, a URL or a command; says what was seen."""
    async with Client(server, mode=mode, read_timeout_seconds=120) as client:
        assert client.protocol_version == revision, client.protocol_version
        assert client.server_info.name == "gong", client.server_info
        assert "gong_search_calls" in client.instructions
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        for tool in tools.values():
            Draft202012Validator.check_schema(tool.input_schema)
            Draft202012Validator.check_schema(tool.output_schema)
        effect = {name: tool.meta["gong-tools/effect"] for name, tool in tools.items()}

        async def call(name, arguments):
            result = await client.call_tool(name, arguments)
            assert not result.is_error, f"{name}: {result.content[0].text}"
            assert result.content[0].text
            Draft202012Validator(tools[name].output_schema).validate(result.structured_content)
            return result.structured_content

        users = await call("gong_list_users", {"limit": 1})
        user = users["users"][0]["email"]
        calls = await call("gong_search_calls", {"limit": 1})
        flows = await call("gong_list_flows", {"owner": user})
        known = {"user": user, "call": calls["calls"][0]["id"], "flow": flows["flows"][0]["id"]}
        for name, arguments in CALLS:
            await call(name, fill(arguments, known))
        seen = {effect[name] for name, _ in CALLS}
        assert seen == set(effect.values()), f"{seen} are not all of {set(effect.values())}"

        # Strict mode and n8n change nothing.
        arguments = {"from": "30d", "limit": 2}
        plain = await call("gong_search_calls", arguments)
        for sent in [strictly(arguments, tools["gong_search_calls"]), arguments | N8N]:
            assert (await call("gong_search_calls", sent))["calls"] == plain["calls"], sent

        # A call that is given up, and the next one.
        with anyio.move_on_after(0.2) as scope:
            await client.call_tool("gong_search_transcripts", {"query": "pricing", "limit": 50})
        assert scope.cancelled_caught, "it was answered before it could be given up"
        await call("gong_list_workspaces", {})

        wrong = await client.call_tool("gong_search_calls", {"limit": "many"})
        assert wrong.is_error and "limit" in wrong.content[0].text, wrong
        try:
            await client.call_tool("no_such_tool_at_all", {})
        except MCPError as error:
            assert error.code == -32602, error
        else:
            raise AssertionError("a tool that is not there was called")

        prompts = (await client.list_prompts()).prompts
        prompt = await client.get_prompt("prepare_meeting", {"account": "Acme Corp"})
        assert "Acme Corp" in prompt.messages[0].content.text
        resources = (await client.list_resources()).resources
        for resource in resources:
            assert (await client.read_resource(resource.uri)).contents[0].text
        return (
            f"{len(tools)} tools, {len(CALLS)} calls of {len(seen)} effects, {len(prompts)} prompts,"
            f" {len(resources)} resources"
        )


def converse(row, server):
    """The conversation in both lifecycles: with `initialize` and without."""
    for mode, revision in [("legacy", "2025-11-25"), ("auto", "2026-07-28")]:
        said = anyio.run(talk, server, mode, revision)
        print(f"{row}, MCP {revision}: {said}", flush=True)


def ask(server, tool):
    """One call without arguments: whether it failed, and its text."""

    async def conversation():
        async with Client(server) as client:
            result = await client.call_tool(tool, {})
            return result.is_error, result.content[0].text

    return anyio.run(conversation)
