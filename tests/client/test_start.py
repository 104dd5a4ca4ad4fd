"""The client is small: what programs wait for is quick, and nothing of the server is needed."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_LIST_MODULES = (
    "import sys, json, runpy\n"
    "sys.argv = ['keyturn', 'credentials', '7']\n"
    "try: runpy.run_module('cli', run_name='__main__')\n"
    "except SystemExit as end: print(json.dumps([end.code, sorted(sys.modules)]))"
)
_WITHOUT_THE_SERVER = (
    "import sys\n"
    "class Missing:\n"
    "    def find_spec(self, name, path=None, target=None):\n"
    "        if name in ('flask', 'sqlalchemy'): raise ModuleNotFoundError(name=name)\n"
    "sys.meta_path.insert(0, Missing())\n"
    "import cli\n"
    "cli.main(['check'])"
)


def run(code, folder):
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def test_it_imports_nothing_of_the_server(tmp_path):
    code, modules = json.loads(run(_LIST_MODULES, tmp_path).stdout)
    assert code == 1, "it had no server to ask"
    tops = {name.partition(".")[0] for name in modules}
    assert "urllib3" in tops
    assert not tops & {"flask", "sqlalchemy", "boto3", "redis", "models", "config", "supervisor", "database", "jinja2"}


def test_it_starts_within_0_3_s(tmp_path):
    """By the processor's time at its best: others may need the machine meanwhile."""

    def once():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert run("import cli; cli.main(['credentials', '7'])", tmp_path).returncode == 1
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(once() for _ in range(5)) < 0.3


def test_what_the_server_needs_is_named_where_it_is_missing(tmp_path):
    result = run(_WITHOUT_THE_SERVER, tmp_path)
    assert result.returncode == 1
    assert "pip install 'keyturn[server]'" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_shell_completes_commands_and_options(tmp_path):
    def completed(words, number):
        asked = {"_KEYTURN_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(number)}
        code = f"import os, cli; os.environ.update({asked}); cli.main(prog_name='keyturn')"
        return run(code, tmp_path).stdout.split()

    assert completed("keyturn cre", 1) == ["plain,credentials"]
    assert completed("keyturn get --js", 2) == ["plain,--json"]
    assert completed("keyturn export --format do", 3) == ["plain,dotenv", "plain,docker"]
