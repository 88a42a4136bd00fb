"""gong.wasm in Python's wasmtime: every tool is a function with typed arguments."""

from servers import DIST, stand_in
from wasmtime import Engine, Store, WasiConfig
from wasmtime.component import Component, Linker, Record


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
    found = gong.call("gong-list-workspaces")
    print(found, vars(found) if isinstance(found, Record) else "")
