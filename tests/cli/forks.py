"""Runs programs in forks of one process, which has imported the package already.

A request is a line of JSON on stdin, {"program", "arguments", "before", "folder", "cwd"}; the
answer is a line of JSON on stdout. What the program prints is in the folder, as `stdout` and
`stderr`.
"""

import importlib
import json
import os
import resource
import runpy
import sys
import traceback
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))


def run_program(request: dict) -> None:
    """Runs the program as its file in bin/ does, and ends this process with its code."""
    folder, code = Path(request["folder"]), 0
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT), number)
    os.chdir(request["cwd"])
    sys.argv = [str(ROOT / "bin" / request["program"]), *request["arguments"]]
    try:
        exec(request["before"], {})
        runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as exit_:
        code = exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    facts = {"tensorflow": "tensorflow" in sys.modules, "seconds": usage.ru_utime + usage.ru_stime}
    (folder / "facts").write_text(json.dumps(facts))
    os._exit(code)


def main() -> None:
    importlib.import_module("tf_dsae.cli.common")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            run_program(json.loads(line))
        _, status = os.waitpid(child, 0)
        print(json.dumps({"returncode": os.waitstatus_to_exitcode(status)}), flush=True)


if __name__ == "__main__":
    main()
