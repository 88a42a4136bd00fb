"""wasmCloud: gong-server.wasm in `wash host`, used by MCP's Python library; and
gong-server-rate-limited.wasm in two hosts that share buckets of NATS JetStream: a rate limit, and an
index of calls. The test sends them the messages that wasmCloud's operator sends to the hosts of a
cluster."""

import asyncio
import contextlib
import hashlib
import http.server
import json
import re
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import nats
import wash_cli
from clients import converse
from servers import BIN, DIST, free_port, log, serving, stand_in

NATS = str(BIN / "nats-server")
#: The program itself: what is in BIN would leave it behind when it is ended.
WASH = str(Path(wash_cli.__file__).parent / "wash")
CALLS = 8
RATE_LIMIT = {"GONG_PACE": "host", "RATE_LIMIT_REQUESTS_PER_SECOND": "3", "RATE_LIMIT_REQUESTS_PER_DAY": "10000"}
INDEX = {
    "GONG_INDEX_URL": "http://index.internal/acme/",
    "MCP_TOOLSETS": "all",
    "OBJECT_STORE_BUCKET": "gong-index",
}
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class Registry(http.server.BaseHTTPRequestHandler):
    """An OCI registry, for reading, with the components of the distribution."""

    blobs = {}
    manifests = {}

    @classmethod
    def add(cls, component):
        config = {"architecture": "wasm", "os": "wasip2"}
        layer = cls.blob("application/wasm", (DIST / f"{component}.wasm").read_bytes())
        config |= {"created": "2026-01-01T00:00:00Z", "layerDigests": [layer["digest"]]}
        config = cls.blob("application/vnd.wasm.config.v0+json", json.dumps(config).encode())
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]}
        cls.manifests[component] = json.dumps(manifest).encode()

    @classmethod
    def blob(cls, kind, content):
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        cls.blobs[digest] = content
        return {"mediaType": kind, "digest": digest, "size": len(content)}

    def do_GET(self):
        kind, content = "application/octet-stream", None
        if self.path == "/v2/":
            content = b""
        elif found := re.fullmatch(r"/v2/([^/]+)/manifests/latest", self.path):
            kind, content = MANIFEST, self.manifests.get(found[1])
        elif found := re.fullmatch(r"/v2/[^/]+/blobs/(.+)", self.path):
            content = self.blobs.get(found[1])
        self.send_response(404 if content is None else 200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def registry():
    """Gives the registry's host and port."""
    for component in ["gong-server", "gong-server-rate-limited"]:
        Registry.add(component)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


class Cluster:
    """Hosts, and a client that starts components on them."""

    def __init__(self, client, image_registry):
        self.client = client
        self.registry = image_registry
        self.ports = {}

    @contextlib.asynccontextmanager
    async def host(self, name, nats_url, folder):
        """Starts a host, and adds it to `ports` by its id."""
        beats = await self.client.subscribe("runtime.operator.heartbeat.*")
        await self.client.flush()
        port = free_port()
        command = [WASH, "host", "--host-name", name, "--http-addr", f"127.0.0.1:{port}"]
        command += ["--scheduler-nats-url", nats_url, "--data-nats-url", nats_url]
        command += ["--oci-cache-dir", f"{folder}/{name}", "--allow-insecure-registries"]
        home = {"HOME": folder, "XDG_CONFIG_HOME": folder}
        with serving(name, command, port, home):
            beat = {}
            while beat.get("hostname") != name:
                beat = json.loads((await beats.next_msg(60)).data)
            await beats.unsubscribe()
            self.ports[beat["id"]] = port
            yield f"wash {beat['version']}"

    async def start(self, component, name, settings, allowed=None):
        """Starts a component on each host, reached by the Host header `name`."""
        gong = settings["GONG_BASE_URL"].removeprefix("http://")
        interfaces = [("http", ["incoming-handler"], {"host": name})]
        if "rate-limited" in component:
            interfaces.append(("keyvalue", ["store", "atomics"], {}))
        resources = {
            "environment": settings | {"MCP_ALLOWED_HOSTS": name},
            "allowedHosts": [gong if allowed is None else allowed],
        }
        image = {"name": component, "image": f"{self.registry}/{component}:latest"}
        world = {
            "components": [image | {"localResources": resources}],
            "hostInterfaces": [
                {"namespace": "wasi", "package": package, "interfaces": names, "config": config}
                for package, names, config in interfaces
            ],
        }
        workload = {"namespace": "default", "name": component, "witWorld": world}
        for host in self.ports:
            message = json.dumps({"workloadId": f"{host}-{name}", "workload": workload})
            subject = f"runtime.host.{host}.workload.start"
            answer = await self.client.request(subject, message.encode(), timeout=120)
            status = json.loads(answer.data)["workloadStatus"]
            assert status["workloadState"] == "WORKLOAD_STATE_RUNNING", status

    async def call_all(self, name, count=CALLS):
        """So many calls at once, on the hosts in turn: whether each failed, and its text."""
        results = await asyncio.gather(*(self.call(i, name) for i in range(count)))
        return [(result.get("isError", False), result["content"][0]["text"]) for result in results]

    async def call(self, host, name, *tool):
        """A call on one of the hosts."""
        ports = list(self.ports.values())
        return await asyncio.to_thread(call, ports[host % len(ports)], name, *tool)

    async def requests(self, host, name, tool, arguments):
        """How many requests to Gong a call takes, and its text without that number."""
        result = await self.call(host, name, tool, arguments)
        assert not result.get("isError"), result
        text = result["content"][0]["text"].rstrip().rpartition("\n")[0]
        return result["structuredContent"]["requests"], text


def call(port, name, tool="gong_list_workspaces", arguments=None):
    """The result of a call; without a tool it is one that asks Gong once."""
    message = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": tool, "arguments": arguments or {}},
    }
    headers = {
        "accept": "application/json, text/event-stream",
        "content-type": "application/json",
        "host": name,
    }
    url = f"http://127.0.0.1:{port}/mcp"
    request = urllib.request.Request(url, json.dumps(message).encode(), headers)
    with urllib.request.urlopen(request, timeout=120) as response:
        return json.load(response)["result"]


def answered():
    """How many requests the stand-in that has ended took, and how many it refused as too fast."""
    counts = re.findall(r"(\d+) with (\d+)", log("fake-gong"))
    by_status = {status: int(count) for count, status in counts}
    return by_status.get("200", 0), by_status.get("429", 0)


async def rows(cluster, wash):
    with stand_in() as gong:
        await cluster.start("gong-server", "127.0.0.1", gong | {"MCP_TOOLSETS": "all"})
        port, *_ = cluster.ports.values()
        await asyncio.to_thread(converse, wash, f"http://127.0.0.1:{port}/mcp")

        await cluster.start("gong-server", "denied.example", gong, allowed="nobody.example")
        (failed, text), = await cluster.call_all("denied.example", 1)
        assert failed and "does not allow" in text, text
    print(f"{wash}: who is not in allowedHosts is not asked")

    at_once = f"{wash}, {CALLS} calls at once, two hosts"
    with stand_in("--rate-limit") as gong:
        await cluster.start("gong-server", "plain.example", gong)
        await cluster.call_all("plain.example")
    _, refused = answered()
    assert refused, "the stand-in does not refuse"
    print(f"{at_once} without http-rate-limit: {refused} requests refused")

    with stand_in("--rate-limit") as gong:
        settings = gong | RATE_LIMIT | {"RATE_LIMIT_STORE": "gong-rate-limit"}
        await cluster.start("gong-server-rate-limited", "rate-limited.example", settings)
        # The host's counter does not see two at once who are the first that ever count.
        results = await cluster.call_all("rate-limited.example", 1)
        start = time.monotonic()
        results += await cluster.call_all("rate-limited.example")
        took = time.monotonic() - start
    assert not any(failed for failed, _ in results), results
    assert answered() == (1 + CALLS, 0), answered()
    assert took >= 2, f"three seconds' worth in {took} s"
    print(f"{at_once} with one bucket: none refused, in {took:.1f} s")

    await index(cluster, wash)

    # The host makes the bucket; one that is there with other settings it does not open.
    await cluster.client.jetstream().create_key_value(bucket="other", history=5)
    with stand_in() as gong:
        settings = gong | RATE_LIMIT | {"RATE_LIMIT_STORE": "other"}
        await cluster.start("gong-server-rate-limited", "other.example", settings)
        (failed, text), = await cluster.call_all("other.example", 1)
        assert failed and '"other" (RATE_LIMIT_STORE) fails' in text, text
    assert answered() == (0, 0), answered()
    print(f"{wash}: without its bucket no request is sent")


async def index(cluster, wash):
    """What one host has read from Gong, the other does not read again."""
    with stand_in("--calls", "1000") as gong:
        settings = gong | RATE_LIMIT | INDEX | {"RATE_LIMIT_REQUESTS_PER_SECOND": "100"}
        settings["RATE_LIMIT_STORE"] = "gong-rate-limit"
        await cluster.start("gong-server-rate-limited", "index.example", settings)
        # A machine that is busy needs more than one call; each goes on where the last one ended.
        half_year = {"from": "180d"}
        for i in range(6):
            result = await cluster.call(i, "index.example", "gong_sync_calls", half_year)
            if "missing_requests" not in result.get("structuredContent", {"missing_requests": 1}):
                break
        else:
            raise AssertionError(result)
        question = {"from": "180d", "by": ["host"]}
        used, texts = 0, set()
        for i in range(4):
            requests, text = await cluster.requests(i, "index.example", "gong_count_calls", question)
            assert requests <= 1, (requests, text)
            used += requests
            texts.add(text)
        assert len(texts) == 1, texts
    asked, refused = answered()
    assert refused == 0 and 10 <= asked - used <= 40, (asked, refused, used)
    print(f"{wash}, two hosts, one index: {asked - used} requests fill it, {used} answer 4 questions")


async def main():
    port = free_port()
    nats_url = f"nats://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder, registry() as image_registry:
        command = [NATS, "--jetstream", "--store_dir", f"{folder}/jetstream"]
        command += ["--addr", "127.0.0.1", "--port", str(port)]
        with serving("nats", command, port):
            async with await nats.connect(nats_url) as client:
                cluster = Cluster(client, image_registry)
                async with (
                    cluster.host("wash-1", nats_url, folder) as wash,
                    cluster.host("wash-2", nats_url, folder),
                ):
                    await rows(cluster, wash)


asyncio.run(main())
