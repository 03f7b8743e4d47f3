"""Runs a list of commands one after another, with a probe of the machine before and after.

    python3 -m harness.turn FILE    FILE: {"probe": argv, "commands": [{"arguments": argv, "environment": {…},
                                        "limit": seconds}]}

Prints {"probes": [before, after], "runs": [{"seconds", "peak_bytes", "code", "output", "errors"}]}. It is a process of
its own so that a lock on a shared machine can be held for exactly one turn.
"""

import json
import os
import subprocess
import sys
import tempfile
import time


def run(arguments: list[str], environment: dict[str, str], limit: int) -> dict:
    """The outcome of a command: wall seconds, its peak resident bytes, exit code and what it printed."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        started = time.perf_counter()
        process = subprocess.Popen(
            ["timeout", "--foreground", str(limit), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            env=os.environ | environment,
        )
        # The usage of a waited-for process includes that of the children it waited for: `timeout`'s is the command's.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        return {
            "seconds": seconds,
            "peak_bytes": usage.ru_maxrss * 1024,
            "code": process.returncode,
            "output": output.read(),
            "errors": errors.read()[-4000:],
        }


def main() -> None:
    with open(sys.argv[1]) as file:
        turn = json.load(file)

    def probe() -> dict:
        return json.loads(subprocess.run(turn["probe"], check=True, capture_output=True, text=True).stdout)

    before = probe()
    runs = [run(**command) for command in turn["commands"]]
    json.dump({"probes": [before, probe()], "runs": runs}, sys.stdout)


if __name__ == "__main__":
    main()
