"""The official conformance suite of MCP against both servers.

Every scenario that the suite has for servers runs, in every revision that it is for. A check that
does not pass must be in conformance.toml."""

import json
import re
import shutil
import subprocess
import sys
import tomllib

from servers import HERE, MODULES, NODE, WORK, harness_serve, stand_in, wasmtime_serve

SUITE = MODULES / "@modelcontextprotocol/conformance/dist/index.js"
REVISIONS = ["2025-06-18", "2025-11-25", "2026-07-28"]

#: Those of the issue; they must have run, whatever the suite calls the others.
WANTED = {
    "server-initialize",
    "ping",
    "tools-list",
    "resources-list",
    "prompts-list",
    "dns-rebinding-protection",
    "http-header-validation",
    "sep-2164-resource-not-found",
    "caching",
    "server-stateless",
    "json-schema-2020-12",
    "server-sse-polling",
    "server-sse-multiple-streams",
}


def checks(server, url, revision):
    """All checks of a revision, each with its scenario."""
    results = WORK / "conformance" / f"{server}-{revision}"
    shutil.rmtree(results, ignore_errors=True)
    command = [NODE, SUITE, "server", "--url", url, "--suite", "all"]
    command += ["--spec-version", revision, "--output-dir", results]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=600)
    found = []
    for folder in sorted(results.glob("server-*")):
        scenario = re.fullmatch(r"server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z", folder.name)[1]
        for check in json.loads((folder / "checks.json").read_text()):
            found.append((scenario, check))
    assert found, f"the suite says nothing: {ran.stdout}{ran.stderr}"
    return found


def why(check):
    details = check.get("details") or {}
    return check.get("errorMessage") or details.get("note") or json.dumps(details)


def main():
    rules = tomllib.loads((HERE / "conformance.toml").read_text())
    left_out, not_testable = rules["left-out"], rules["not-testable"]
    needed, wrong, ran, passed = set(), [], set(), 0
    with stand_in() as settings:
        for server, start in [("host-harness", harness_serve), ("wasmtime", wasmtime_serve)]:
            with start(settings) as url:
                for revision in REVISIONS:
                    good = 0
                    for scenario, check in checks(server, url, revision):
                        ran.add(scenario)
                        name, status = check["id"], check["status"]
                        if status in ("SUCCESS", "INFO"):
                            good += status == "SUCCESS"
                        elif scenario in left_out and not name.startswith("wire-schema"):
                            needed.add(scenario)
                        elif name in not_testable and (
                            status != "FAILURE" or "Not testable" in why(check)
                        ):
                            needed.add(name)
                        else:
                            where = f"{server} {revision} {scenario}"
                            wrong.append(f"{where}: {name} {status}: {why(check)}")
                    print(f"conformance: {server}, {revision}: {good} checks passed")
                    passed += good
    wrong += [f"did not run: {name}" for name in sorted(WANTED - ran)]
    vain = (left_out.keys() | not_testable.keys()) - needed
    wrong += [f"conformance.toml lists in vain: {name}" for name in sorted(vain)]
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"conformance: {passed} checks passed in {len(ran)} scenarios, {len(left_out)} left out")


main()
