"""Signing in at the gateway, with npm's oidc-provider as the company's provider: by MCP's Python
and TypeScript libraries, by the inspector, and by the authorization scenarios of the conformance
suite. Each goes the whole way from the 401 to a tool's answer. The libraries do so too where the gateway is a
resource server alone."""

import json
import logging
import os
import re
import shutil
import subprocess
import urllib.error
import urllib.request
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx2
from browser import Browser
from company import company
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata
from servers import MODULES, NODE, WORK, free_port

INSPECTOR = MODULES / "@modelcontextprotocol/inspector/clients/launcher/build/index.js"
SUITE = MODULES / "@modelcontextprotocol/conformance/dist/index.js"
REDIRECT = "http://127.0.0.1:5151/callback"

# What has to fail here is no news.
logging.disable()


class Memory:
    """What the library keeps of a sign-in."""

    tokens = client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


class Python:
    """MCP's Python library, with somebody at the browser."""

    def __init__(self, company, person, tenant="acme"):
        self.resource, self.memory = company.resource(tenant), Memory()
        self.browser, self.walks, self.answer = Browser(person), 0, None
        metadata = OAuthClientMetadata(client_name="Python", redirect_uris=[REDIRECT])
        self.auth = OAuthClientProvider(
            self.resource, metadata, self.memory, self.redirect, self.callback
        )

    async def redirect(self, url):
        self.walks += 1
        self.answer = await anyio.to_thread.run_sync(self.browser.walk, url, REDIRECT)

    async def callback(self):
        answer = {name: value[0] for name, value in parse_qs(urlsplit(self.answer).query).items()}
        assert "code" in answer, f"no code: {answer}"
        return AuthorizationCodeResult(**answer)

    async def ask(self, tool, arguments):
        async with httpx2.AsyncClient(auth=self.auth, timeout=60) as http:
            transport = streamable_http_client(self.resource, http_client=http)
            async with Client(transport) as client:
                tools = [tool.name for tool in (await client.list_tools()).tools]
                answer = await client.call_tool(tool, arguments)
                return tools, answer

    def read(self):
        """Names of the tools that the person has, after a call."""
        tools, answer = anyio.run(self.ask, "gong_list_workspaces", {})
        assert not answer.is_error, answer
        return tools


def outcome(action):
    """The error of something that has to fail."""
    try:
        action()
    except BaseException as error:
        return " ".join(map(repr, leaves_of(error)))
    raise AssertionError("it should have failed")


def leaves_of(error):
    if isinstance(error, BaseExceptionGroup):
        return [leaf for one in error.exceptions for leaf in leaves_of(one)]
    return [error]


def refresh(company, client, status=200):
    """Refreshes as the client does, outside the library; returns the answer."""
    info, tokens = client.memory.client, client.memory.tokens
    fields = {
        "grant_type": "refresh_token",
        "client_id": info.client_id,
        "refresh_token": tokens.refresh_token,
    }
    answer = httpx2.post(f"{company.base}/t/acme/oauth/token", data=fields, timeout=60)
    body = answer.json()
    assert answer.status_code == status, body
    if status == 200:
        tokens.access_token, tokens.refresh_token = body["access_token"], body["refresh_token"]
    return body


def python(company):
    mia = Python(company, "mia")
    tools = mia.read()
    assert mia.walks == 1 and "gong_delete_meeting" not in tools
    consent = mia.browser.pages[0]
    assert "Python" in consent and "this computer" in consent, consent
    # A second conversation needs no browser.
    assert mia.read() == tools and mia.walks == 1
    print(f"sign-in, Python library: {len(tools)} tools", flush=True)

    # The library signs in for more when a tool needs it.
    olga = Python(company, "olga")
    all_tools, answer = anyio.run(olga.ask, "gong_delete_meeting", {"meeting": "1", "dry_run": True})
    assert set(tools) < set(all_tools) and olga.walks == 2, (olga.walks, answer)
    print("sign-in, Python library: a second consent for a tool that deletes", flush=True)

    # Keys that rotate: new ID tokens are signed with a key that the gateway has never seen.
    company.control(rotate=True)
    noa = Python(company, "noa")
    assert noa.read() == tools

    # An outage: who is signed in stays so, also by refreshing; nobody else gets in.
    company.control(down=True)
    assert mia.read() == tools
    refresh(company, mia)
    assert mia.read() == tools
    late = Python(company, "mia")
    assert "503" in outcome(late.read)
    company.control(down=False)

    # Another group: other tools at the next refresh.
    company.person("mia", "ops")
    refresh(company, mia)
    assert set(mia.read()) == set(all_tools)

    # A leaver: the provider does not know her any more.
    company.leaves("mia")
    assert refresh(company, mia, 400)["error"] == "invalid_grant"
    bearer = {"Authorization": f"Bearer {mia.memory.tokens.access_token}"}
    assert httpx2.post(company.resource(), json={}, headers=bearer).status_code == 401
    outcome(mia.read)
    ended = [row for row in company.admin("audit", "--acts") if row["act"] == "sign-in-ended"]
    assert [row["actor"] for row in ended] == ["mia@acme.example"], ended
    company.person("mia", "sales")
    print("sign-in: rotated keys, an outage, another group, a leaver", flush=True)


def talk(command, browser, to, pattern, env=None):
    """Runs a program that prints an address to open, opens it, and returns all that it says.

    Programs that listen themselves get the answer by HTTP, others on standard input."""
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | (env or {}),
    )
    said = []
    try:
        for line in child.stdout:
            said.append(line)
            if found := re.search(pattern, line):
                answer = browser.walk(found[0], to)
                if to == REDIRECT:
                    child.stdin.write(answer + "\n")
                    child.stdin.flush()
                else:
                    urllib.request.urlopen(answer, timeout=30).close()
        code = child.wait(60)
    finally:
        child.kill()
    return code, "".join(said)


def typescript(company, tenant, authorize, row):
    command = [NODE, str(WORK / "sign_in.mjs"), company.resource(tenant), REDIRECT, row]
    code, said = talk(command, Browser("mia"), REDIRECT, rf"{authorize}\S+")
    assert code == 0, said
    print(said.splitlines()[-1], flush=True)


def resource_server(company):
    """The provider does all of it: the clients register there, and the gateway takes its tokens."""
    mia = Python(company, "mia", "globex")
    tools = mia.read()
    assert mia.walks == 1 and not any("Allow “" in page for page in mia.browser.pages)
    token = mia.memory.tokens.access_token
    bearer = {"Authorization": f"Bearer {token}"}
    assert token.count(".") == 2, "it is no JWT"
    # For the other tenant it is worth nothing, and without a group there is no access.
    assert httpx2.post(company.resource(), json={}, headers=bearer).status_code == 401
    company.control(rotate=True)
    noa = Python(company, "noa", "globex")
    assert noa.read() == tools
    company.person("pia", "none")
    pia = Python(company, "pia", "globex")
    said = outcome(pia.read)
    assert pia.memory.tokens, said
    bearer = {"Authorization": f"Bearer {pia.memory.tokens.access_token}"}
    assert httpx2.post(pia.resource, json={}, headers=bearer).status_code == 403
    print(f"resource server, Python library: {len(tools)} tools, and a rotated key", flush=True)
    typescript(company, "globex", f"{company.issuer}/auth", "resource server")


def inspector(company):
    authorize = rf"{company.base}/t/acme/oauth/authorize\S+"
    home = WORK / "inspector-home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    to = f"http://127.0.0.1:{free_port()}/oauth/callback"
    command = [NODE, str(INSPECTOR), "--cli", company.resource(), "--method", "tools/call"]
    command += ["--tool-name", "gong_list_workspaces", "--callback-url", to]
    env = {"HOME": str(home), "MCP_AUTO_OPEN_ENABLED": "true"}
    code, said = talk(command, Browser("mia"), to, authorize, env)
    assert code == 0 and "workspaces" in said, said
    print("sign-in, inspector: gong_list_workspaces", flush=True)


def conformance(company):
    port = free_port()
    to = f"http://127.0.0.1:{port}/callback"
    metadata = {"client_name": "Conformance", "redirect_uris": [to]}
    registered = httpx2.post(f"{company.base}/t/acme/oauth/register", json=metadata)
    results = WORK / "conformance" / "authorization"
    shutil.rmtree(results, ignore_errors=True)
    command = [NODE, str(SUITE), "authorization", "--url", f"{company.base}/t/acme"]
    command += ["--client-id", registered.json()["client_id"], "--resource", company.resource()]
    command += ["--port", str(port), "--output-dir", str(results)]
    authorize = rf"{company.base}/t/acme/oauth/authorize\S+"
    code, said = talk(command, Browser("mia"), to, authorize)
    checks = [
        check for file in results.rglob("checks.json") for check in json.loads(file.read_text())
    ]
    bad = [check for check in checks if check["status"] not in ("SUCCESS", "INFO")]
    names = sorted({check["id"] for check in checks})
    assert code == 0 and not bad, f"{bad or said}"
    wanted = {"authorization-code-grant", "authorization-server-metadata"}
    assert wanted <= set(names), names
    print(f"sign-in, conformance: {len(checks)} checks passed: {', '.join(names)}", flush=True)


with company() as here:
    here.person("mia", "sales")
    here.person("noa", "sales")
    here.person("olga", "ops")
    python(here)
    typescript(here, "acme", f"{here.base}/t/acme/oauth/authorize", "sign-in")
    inspector(here)
    conformance(here)
    resource_server(here)
