"""A company whose people sign in: a provider, a stand-in for Gong, and a gateway between them."""

import contextlib
import json
import os
import secrets
import subprocess
import urllib.request

from servers import NODE, WORK, free_port, serving, stand_in

GATEWAY = os.environ["GONG_GATEWAY"]

#: The people of acme sign in at the gateway; those of globex at the provider alone.
CONFIG = """
state = "gateway.db"
cache = "cache"
component = "{component}"
stand_in = true
[listen]
address = "127.0.0.1:{port}"
public_url = "{base}"
[tenants.acme]
gong = "{gong}"
review = "approved"
credentials = {{ access_key = "env:GONG_ACCESS_KEY", access_key_secret = "env:GONG_ACCESS_KEY_SECRET" }}
[tenants.acme.profiles.readers]
toolsets = ["read-only"]
users = []
[tenants.acme.profiles.everything]
toolsets = ["read-only", "component:meetings"]
users = []
[tenants.acme.sign_in]
issuer = "{issuer}"
client_id = "gong-gateway"
client_secret = "env:CLIENT_SECRET"
key = "env:SIGN_IN_KEY"
prompt = "consent"
lifetimes = {{ access = "1m", refresh = "1h", grant = "1h" }}
[tenants.acme.sign_in.groups.sales]
profiles = ["readers"]
[tenants.acme.sign_in.groups.ops]
profiles = ["everything"]
[tenants.globex]
gong = "{gong}"
review = "approved"
credentials = {{ access_key = "env:GONG_ACCESS_KEY", access_key_secret = "env:GONG_ACCESS_KEY_SECRET" }}
[tenants.globex.profiles.readers]
toolsets = ["read-only"]
users = []
[tenants.globex.resource_server]
issuer = "{issuer}"
[tenants.globex.resource_server.groups.sales]
profiles = ["readers"]
"""


class Company:
    def __init__(self, issuer, base, folder, environment):
        self.issuer, self.base, self.folder, self.environment = issuer, base, folder, environment
        self.people = {}

    def resource(self, tenant="acme"):
        return f"{self.base}/t/{tenant}/mcp"

    def control(self, **changes):
        data = json.dumps(changes).encode()
        urllib.request.urlopen(f"{self.issuer}/control", data, timeout=30).close()

    def person(self, name, *groups):
        """Adds somebody, or changes their groups."""
        self.people[name] = groups
        self.control(people=self.people)

    def leaves(self, name):
        del self.people[name]
        self.control(people=self.people)

    def admin(self, *words):
        """What `gong-gateway admin` prints as JSON."""
        config = str(self.folder / "gateway.toml")
        command = [GATEWAY, "admin", "--config", config, "--json", *words]
        environment = os.environ | self.environment
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)


@contextlib.contextmanager
def company():
    """Starts all of it."""
    folder = WORK / "company"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("gateway.*"):
        old.unlink()
    port, provider_port = free_port(), free_port()
    base, issuer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{provider_port}"
    words = {"CLIENT_SECRET": secrets.token_urlsafe(), "SIGN_IN_KEY": secrets.token_hex(32)}
    with stand_in() as gong:
        text = CONFIG.format(
            component=os.environ["GONG_COMPONENT"],
            port=port,
            base=base,
            issuer=issuer,
            gong=gong["GONG_BASE_URL"],
        )
        config = folder / "gateway.toml"
        config.write_text(text)
        provider = [NODE, str(WORK / "provider.mjs"), str(provider_port), f"{base}/t/acme/oauth/callback"]
        gateway = [GATEWAY, "serve", "--config", str(config)]
        environment = gong | words
        with serving("provider", provider, provider_port, words):
            with serving("gateway", gateway, port, environment):
                yield Company(issuer, base, folder, environment)
