"""gong.wasm in Python's wasmtime: every tool is a function with typed arguments."""

from servers import DIST, stand_in
from wasmtime import Engine, Store, WasiConfig
from wasmtime.component import Component, Linker, Record, Variant


def record(**members):
    """A WIT record; its members are named with hyphens."""
    made = Record()
    for name, value in members.items():
        setattr(made, name.replace("_", "-"), value)
    return made


class Gong:
    """The component; each call has an instance of its own, as hosts should do it."""

    def __init__(self, path, settings):
        self.engine = Engine()
        self.component = Component.from_file(self.engine, path)
        self.settings = settings

    def call(self, tool, **arguments):
        with Linker(self.engine) as linker:
            linker.add_wasip2()
            linker.add_wasi_http()
            store = Store(self.engine)
            wasi = WasiConfig()
            wasi.env = list(self.settings.items())
            store.set_wasi(wasi)
            store.set_wasi_http()
            function = linker.instantiate(store, self.component).get_func(store, tool)
            members = self.members(function, store)
            every = {name: [] if is_list else None for name, is_list in members.items()}
            return function(store, record(**every | arguments))

    @staticmethod
    def members(function, store):
        """The members of a tool's one argument, and which are lists: none may be missing."""
        (_, argument), = function.type(store).params
        return {
            name.replace("-", "_"): type(kind).__name__ == "ListType"
            for name, kind in argument.fields
        }


with stand_in() as settings:
    gong = Gong(str(DIST / "gong.wasm"), settings)
    exports = gong.component.type.exports(gong.engine)
    tools = [name for name in exports if name.startswith("gong-")]

    workspaces = gong.call("gong-list-workspaces").workspaces
    assert sorted(one.name for one in workspaces) == ["Customer Success", "Sales"]
    calls = gong.call("gong-search-calls", limit=2).calls
    assert len(calls) == 2
    user = gong.call("gong-list-users", limit=1).users[0]
    change = gong.call("gong-grant-call-access", call=calls[0].id, users=[user.email], dry_run=True)
    assert not isinstance(change, Variant), change
    # A result is its value, or the error's variant.
    error = gong.call("gong-get-call", call="1")
    assert isinstance(error, Variant) and error.tag == "not-found", error
    print(f"gong.wasm in Python's wasmtime: {len(tools)} typed tools, 5 called, an error")
